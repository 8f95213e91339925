//! Judging a batch of appends: the outcome equals running them one after another.
