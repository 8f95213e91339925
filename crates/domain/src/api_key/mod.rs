//! The API key aggregate: a token that acts with its owner's rights, narrowed.
//!
//! Invariant: a key only ever narrows what its owner may do; a revoked key never works again.

mod event;
mod issue;
mod revoke;
mod state;

pub use event::*;
pub use issue::IssueApiKey;
pub use revoke::RevokeApiKey;
pub use state::ApiKey;

crate::commands! {
    /// What may be asked of an API key.
    ApiKeyCommand for ApiKey => ApiKeyEvent {
        /// Issue.
        IssueApiKey,
        /// Revoke.
        RevokeApiKey,
    }
}
