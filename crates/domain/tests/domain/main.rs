//! Tests of the domain as a whole: every stored shape can be read, and every history replays.

mod commands;
mod cron_oracle;
mod examples;
mod golden;
mod replay;
mod run_examples;
