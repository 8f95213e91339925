//! A user's state, folded from events whose personal data was opened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Profile, UserCommand, UserEvent};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    facts::{Standing, UserFact},
    ids::UserId,
    protected::Protected,
    refusal::Refusal,
    role::Role,
    scopes,
};

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Set once the user exists.
    pub id: Option<UserId>,
    /// Personal data; `None` before registration and after erasure.
    pub profile: Option<Profile>,
    /// The claim of the e-mail address.
    pub email_claim: String,
    /// bcrypt hash; `None` before registration and after erasure.
    pub password_hash: Option<Protected>,
    /// Global role.
    pub role: Role,
    /// `Users.IsActive`.
    pub is_active: bool,
    /// `Users.IsDeleted`.
    pub is_deleted: bool,
    /// Whether the person's key was destroyed.
    pub is_erased: bool,
}

cqrs_aggregate!(User, "user");

impl User {
    /// The user as a fact for commands on other aggregates.
    #[must_use]
    pub fn fact(&self, id: UserId) -> UserFact {
        UserFact {
            id,
            standing: Standing::of(self.id.is_some(), self.is_active && !self.is_erased, self.is_deleted),
        }
    }

    /// Whether the user may act: exists, active, neither deleted nor erased.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.id.is_some() && self.is_active && !self.is_deleted && !self.is_erased
    }

    /// The id of a user that exists and was not deleted.
    pub(super) fn existing(&self) -> Result<UserId, Refusal> {
        match self.id {
            Some(id) if !self.is_deleted => Ok(id),
            Some(_) | None => Err(Refusal::not_found("user-not-found", "there is no such user")),
        }
    }

    /// The id of a user that may be changed: exists, neither deleted nor erased.
    pub(super) fn changeable(&self) -> Result<UserId, Refusal> {
        let id = self.existing()?;
        if self.is_erased {
            return Err(Refusal::conflict(
                "user-erased",
                "the user was erased and cannot be changed",
            ));
        }
        Ok(id)
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        if let Some(id) = self.id {
            if !self.is_erased {
                held.insert(Claim::new(scopes::USER_EMAIL, self.email_claim.clone()));
            }
            if self.may_act() && self.role == Role::Admin {
                held.insert(Claim::new(scopes::ACTIVE_ADMINS, id.to_string()));
            }
        }
        held
    }
}

impl Decide for User {
    type Command = UserCommand;
    type Event = UserEvent;

    fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::UserRegistered(registered) => {
                *self = Self {
                    id: Some(registered.id),
                    profile: Some(registered.profile.clone()),
                    email_claim: registered.email_claim.clone(),
                    password_hash: Some(registered.password_hash.clone()),
                    role: registered.role,
                    is_active: true,
                    is_deleted: false,
                    is_erased: false,
                };
            }
            UserEvent::UserProfileChanged(changed) => {
                self.profile = Some(changed.profile.clone());
                self.email_claim.clone_from(&changed.email_claim);
            }
            UserEvent::UserRoleChanged(changed) => self.role = changed.role,
            UserEvent::UserPasswordChanged(changed) => self.password_hash = Some(changed.password_hash.clone()),
            UserEvent::UserDeactivated(_) => self.is_active = false,
            UserEvent::UserActivated(_) => self.is_active = true,
            UserEvent::UserDeleted(_) => self.is_deleted = true,
            UserEvent::UserErased(_) => {
                self.is_erased = true;
                self.is_active = false;
                self.profile = None;
                self.password_hash = None;
                self.email_claim.clear();
            }
        }
    }

    fn claims(&self, event: &UserEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        let mut changes = ClaimChanges::between(&self.held(), &after.held());
        if changes.release.iter().any(|claim| claim.scope == scopes::ACTIVE_ADMINS) {
            changes.require_at_least.push((scopes::ACTIVE_ADMINS.to_owned(), 1));
        }
        match event {
            // Documented: restricted if the user has created entities.
            UserEvent::UserDeleted(deleted) => changes.require_empty.push(scopes::created_by(deleted.id)),
            UserEvent::UserRegistered(_)
            | UserEvent::UserProfileChanged(_)
            | UserEvent::UserRoleChanged(_)
            | UserEvent::UserPasswordChanged(_)
            | UserEvent::UserDeactivated(_)
            | UserEvent::UserActivated(_)
            | UserEvent::UserErased(_) => {}
        }
        changes
    }
}
