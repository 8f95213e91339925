//! The workspace aggregate: a name unique in the system, and the members with their roles.
//!
//! Invariants: one membership for a user, kept across leaving and returning; while a workspace has members, one of them
//! is Admin (the last member of all may leave: global Admins are Admin everywhere, so nothing is locked out).

mod change;
mod create;
mod event;
#[cfg(test)]
mod fixtures;
mod members;
mod standing;
mod state;

pub use change::ChangeWorkspace;
pub use create::CreateWorkspace;
pub use event::*;
pub use members::{RemoveMember, SetMember};
pub use standing::{ActivateWorkspace, DeactivateWorkspace, DeleteWorkspace};
pub use state::{Member, Workspace};

crate::commands! {
    /// What may be asked of a workspace.
    WorkspaceCommand for Workspace => WorkspaceEvent {
        /// Create.
        CreateWorkspace,
        /// Change name or description.
        ChangeWorkspace,
        /// Take out of use.
        DeactivateWorkspace,
        /// Put in use again.
        ActivateWorkspace,
        /// Delete (softly).
        DeleteWorkspace,
        /// Add a member or give one another role.
        SetMember,
        /// Take a member out.
        RemoveMember,
    }
}
