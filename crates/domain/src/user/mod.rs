//! The user aggregate: personal data, global role, and what becomes of a person who leaves.
//!
//! Invariants: nobody changes their own role or grants above it; one active global Admin remains; a user that created
//! anything is never deleted; an erased user keeps no personal data and cannot come back.

mod change_password;
mod change_profile;
mod change_role;
mod event;
#[cfg(test)]
mod fixtures;
mod leave;
mod profile;
mod register;
mod standing;
mod state;

pub use change_password::ChangePassword;
pub use change_profile::ChangeProfile;
pub use change_role::ChangeUserRole;
pub use event::*;
pub use leave::{DeleteUser, EraseUser};
pub use register::RegisterUser;
pub use standing::{ActivateUser, DeactivateUser};
pub use state::User;

crate::commands! {
    /// What may be asked of a user.
    UserCommand for User => UserEvent {
        /// Create.
        RegisterUser,
        /// Change personal data.
        ChangeProfile,
        /// Give another global role.
        ChangeUserRole,
        /// Set another password.
        ChangePassword,
        /// Take out of use.
        DeactivateUser,
        /// Put in use again.
        ActivateUser,
        /// Delete (softly).
        DeleteUser,
        /// Erase personal data for good.
        EraseUser,
    }
}
