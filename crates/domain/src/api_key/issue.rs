//! Issues an API key to an active user.

use super::{ApiKey, ApiKeyEvent, ApiKeyIssued};
use crate::{
    choice::Choice,
    facts::{UserFact, WorkspaceFact},
    field_errors::FieldErrors,
    ids::ApiKeyId,
    instant::Instant,
    refusal::Refusal,
    role::Role,
    text,
};

/// Issue a key.
#[derive(Debug, Clone)]
pub struct IssueApiKey {
    /// Allotted id.
    pub id: ApiKeyId,
    /// Its owner, whose rights it has.
    pub owner: UserFact,
    /// `name`: what it is for, required.
    pub name: String,
    /// SHA-256 (hex) of the token's random part.
    pub token_hash: String,
    /// `maxRole`: no right above this role; the owner's own rights bound it anyway.
    pub maximum_role: Option<Choice<Role>>,
    /// `workspaceId`: nothing outside this workspace.
    pub workspace: Option<WorkspaceFact>,
    /// `expiresAt`: not valid from this instant on; lies in the future.
    pub expires_at: Option<Instant>,
    /// Now.
    pub now: Instant,
}

impl IssueApiKey {
    pub(super) fn decide(self, state: &ApiKey) -> Result<Vec<ApiKeyEvent>, Refusal> {
        if state.issued.is_some() {
            return Err(Refusal::conflict(
                "api-key-exists",
                "an API key with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let name = text::name(&mut errors, "/name", &self.name, 200);
        let maximum_role = self.maximum_role.and_then(|role| role.resolve(&mut errors, "/maxRole"));
        if let Some(workspace) = &self.workspace
            && !workspace.standing.exists()
        {
            errors.add("/workspaceId", format!("workspace {} does not exist", workspace.id));
        }
        if self.expires_at.is_some_and(|end| end <= self.now) {
            errors.add("/expiresAt", "must lie in the future");
        }
        errors.finish()?;
        self.owner.require_active()?;
        Ok(vec![
            ApiKeyIssued {
                id: self.id,
                user_id: self.owner.id,
                name,
                token_hash: self.token_hash,
                maximum_role,
                workspace_id: self.workspace.map(|workspace| workspace.id),
                expires_at: self.expires_at,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api_key::{ApiKeyRevoked, RevokeApiKey},
        facts::Standing,
        given::{code, fold, inactive_user, later, now, pointers, user, when, workspace},
        ids::{UserId, WorkspaceId},
    };

    fn issue() -> IssueApiKey {
        IssueApiKey {
            id: ApiKeyId(4),
            owner: user(1),
            name: "CI".into(),
            token_hash: "ab".repeat(32),
            maximum_role: Some(Role::Developer.into()),
            workspace: Some(workspace(Standing::Active)),
            expires_at: Some(later()),
            now: now(),
        }
    }

    #[test]
    fn a_key_works_until_it_expires_or_is_revoked() {
        let mut given = when::<ApiKey>(&[], issue()).unwrap();
        let issued = ApiKeyIssued {
            id: ApiKeyId(4),
            user_id: UserId(1),
            name: "CI".into(),
            token_hash: "ab".repeat(32),
            maximum_role: Some(Role::Developer),
            workspace_id: Some(WorkspaceId(3)),
            expires_at: Some(later()),
        };
        assert_eq!(given, [issued.into()]);
        assert!(fold::<ApiKey>(&given).is_valid_at(now()));
        assert!(!fold::<ApiKey>(&given).is_valid_at(later()));
        assert_eq!(
            when::<ApiKey>(&given, RevokeApiKey),
            Ok(vec![ApiKeyRevoked { id: ApiKeyId(4) }.into()])
        );
        given.push(ApiKeyRevoked { id: ApiKeyId(4) }.into());
        assert!(!fold::<ApiKey>(&given).is_valid_at(now()));
        assert_eq!(when::<ApiKey>(&given, RevokeApiKey), Ok(vec![]));
        assert_eq!(code(when::<ApiKey>(&[], RevokeApiKey)), "api-key-not-found");
    }

    #[test]
    fn wrong_fields_are_named() {
        let command = IssueApiKey {
            name: String::new(),
            maximum_role: Some(Choice::Written(json!(9))),
            workspace: Some(workspace(Standing::Missing)),
            expires_at: Some(now()),
            ..issue()
        };
        assert_eq!(
            pointers(when::<ApiKey>(&[], command)),
            ["/name", "/maxRole", "/workspaceId", "/expiresAt"]
        );
    }

    #[test]
    fn only_active_users_get_keys() {
        assert_eq!(
            code(when::<ApiKey>(
                &[],
                IssueApiKey {
                    owner: inactive_user(1),
                    ..issue()
                }
            )),
            "user-inactive"
        );
    }
}
