//! The documented `UserRole`, ordered by what it may do.

use serde::{Deserialize, Serialize};

/// `UserRole`, globally and within a workspace; `Admin` may do most. Compare with [`Role::at_least`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Role {
    /// 0
    Admin,
    /// 1
    ProjectManager,
    /// 2
    Developer,
    /// 3, the documented default
    #[default]
    Viewer,
}

impl Role {
    /// The roles in the order of their documented numbers.
    pub const ALL: [Self; 4] = [Self::Admin, Self::ProjectManager, Self::Developer, Self::Viewer];

    /// The documented enum value.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Admin => 0,
            Self::ProjectManager => 1,
            Self::Developer => 2,
            Self::Viewer => 3,
        }
    }

    /// The documented name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::ProjectManager => "ProjectManager",
            Self::Developer => "Developer",
            Self::Viewer => "Viewer",
        }
    }

    /// Whether this role includes all that `minimum` may do.
    #[must_use]
    pub fn at_least(self, minimum: Self) -> bool {
        self.number() <= minimum.number()
    }
}
