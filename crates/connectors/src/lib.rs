//! Connectors: how calls reach the endpoints.
//!
//! Invariant: no call leaves without passing the egress policy, and no answer is larger than the limit. Secrets appear in no
//! error.

mod clients;
mod egress;
mod guard;
mod http;
mod token;

pub use clients::{HttpSettings, ProxySettings, SettingsError};
pub use egress::{EgressPolicy, EgressRule, NotARule, Refused};
pub use guard::{GateRegistry, GuardedConnector};
pub use http::HttpConnector;
