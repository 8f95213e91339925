//! The approval aggregate: somebody else looks at what is to be published or run, and says yes or no.
//!
//! Invariants: an approval is bound to the hash of what was looked at; nobody approves what they asked for themselves; it is
//! decided once; a granted approval serves once, and not after it has expired.

mod decide;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{CancelApproval, ExpireApproval, GrantApproval, RejectApproval, RequestApproval};
pub use event::*;
pub use state::{Approval, ApprovalStatus};

crate::commands! {
    /// What may be asked of an approval.
    ApprovalCommand for Approval => ApprovalEvent {
        /// Ask for it.
        RequestApproval,
        /// Say yes.
        GrantApproval,
        /// Say no.
        RejectApproval,
        /// Take the request back.
        CancelApproval,
        /// Its time is over.
        ExpireApproval,
    }
}
