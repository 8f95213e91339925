//! Connectors: how calls reach REST endpoints.
//!
//! Invariant: one pooled client for all runs; no call leaves without passing the egress policy, and no answer is larger
//! than the limit. Secrets appear in no error.

mod egress;
mod rest;

pub use egress::EgressPolicy;
pub use rest::{RestConnector, RestLimits};
