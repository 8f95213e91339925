//! Which workspaces' rows a query may show.

use wfm_storage::read_store::Cell;

/// What the caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Everything: a global Admin.
    All,
    /// These workspaces, and what is shared.
    Workspaces(Vec<i64>),
}

impl Visibility {
    /// The workspaces as a JSON array; `None` when everything is visible.
    #[must_use]
    pub fn json(&self) -> Option<Cell> {
        match self {
            Self::All => None,
            Self::Workspaces(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Some(format!("[{}]", ids.join(",")).into())
            }
        }
    }
}

/// Where a resource's workspace stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The rows belong to no workspace; who may read them is decided before.
    Unscoped,
    /// In this SQL expression.
    Workspace(&'static str),
    /// In this SQL expression; NULL is visible to all.
    WorkspaceOrShared(&'static str),
}
