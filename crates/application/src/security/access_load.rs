//! Restores the access view from the read models, so that a start costs the same whatever the length of the log.

use wfm_domain::{
    ids::{ApiKeyId, UserId, WorkspaceId},
    instant::Instant,
    role::Role,
};
use wfm_storage::{
    append::StorageError,
    event::Position,
    read_store::{Cell, Query, ReadStore},
};

use super::access::{AccessState, AccessView, KeyAccess, UserAccess};

const USERS: &str = "SELECT Id, Role, IsActive, IsDeleted FROM Users";

const MEMBERSHIPS: &str = "SELECT m.UserId, m.WorkspaceId, m.Role FROM UserWorkspaces m \
     JOIN Workspaces w ON w.Id = m.WorkspaceId WHERE m.IsActive = 1 AND w.IsDeleted = 0";

const KEYS: &str =
    "SELECT Id, UserId, TokenHash, MaximumRole, WorkspaceId, ExpiresAt FROM ApiKeys WHERE RevokedAt IS NULL";

impl AccessView {
    /// The view as of the read models' checkpoint. Nothing may write the read models meanwhile.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn load(reads: &dyn ReadStore) -> Result<Self, StorageError> {
        let position = reads
            .checkpoint()
            .await?
            .map_or(Position(0), |checkpoint| checkpoint.position);
        let mut state = AccessState::default();
        for row in reads.query(Query::new(USERS, Vec::new())).await? {
            if let [
                Cell::Integer(id),
                Cell::Integer(role),
                Cell::Integer(active),
                Cell::Integer(deleted),
            ] = row[..]
            {
                state.users.insert(
                    UserId(id),
                    UserAccess {
                        role: role_of(role),
                        active: active == 1 && deleted == 0,
                    },
                );
            }
        }
        for row in reads.query(Query::new(MEMBERSHIPS, Vec::new())).await? {
            if let [Cell::Integer(user), Cell::Integer(workspace), Cell::Integer(role)] = row[..] {
                state
                    .memberships
                    .entry(UserId(user))
                    .or_default()
                    .insert(WorkspaceId(workspace), role_of(role));
            }
        }
        for row in reads.query(Query::new(KEYS, Vec::new())).await? {
            if let [
                Cell::Integer(id),
                Cell::Integer(user),
                Cell::Text(token_hash),
                maximum_role,
                workspace,
                expires_at,
            ] = &row[..]
            {
                state.keys.insert(
                    ApiKeyId(*id),
                    KeyAccess {
                        user: UserId(*user),
                        token_hash: token_hash.to_string(),
                        maximum_role: integer(maximum_role).map(role_of),
                        workspace: integer(workspace).map(WorkspaceId),
                        expires_at: text(expires_at).and_then(Instant::parse),
                    },
                );
            }
        }
        Ok(Self::new(state, position))
    }
}

fn role_of(number: i64) -> Role {
    Role::ALL
        .into_iter()
        .find(|role| role.number() == number)
        .unwrap_or_default()
}

fn integer(cell: &Cell) -> Option<i64> {
    if let Cell::Integer(value) = cell {
        Some(*value)
    } else {
        None
    }
}

fn text(cell: &Cell) -> Option<&str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}
