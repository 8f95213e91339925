//! Users: accounts, roles, passwords, and what becomes of a person who leaves.

use serde::Deserialize;
use utoipa::ToSchema;
use wfm_domain::{choice::Choice, ids::UserId, role::Role};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    store::Recorded,
};

/// Body of `POST /users`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// At most 100 characters.
    pub first_name: String,
    /// At most 100 characters.
    pub last_name: String,
    /// Unique in the system, at most 255 characters.
    pub email: String,
    /// 8 characters at least, 72 bytes at most.
    pub password: String,
    /// Global role, by name or number; `Viewer` when omitted.
    #[schema(value_type = Option<String>)]
    pub role: Option<Choice<Role>>,
    /// At most 20 characters.
    pub phone_number: Option<String>,
    /// At most 100 characters.
    pub department: Option<String>,
    /// At most 100 characters.
    pub job_title: Option<String>,
    /// At most 255 characters.
    pub manager: Option<String>,
    /// IANA name; `UTC` when omitted.
    pub time_zone: Option<String>,
    /// URL, at most 500 characters.
    pub profile_picture: Option<String>,
}

/// Body of `PATCH /users/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPatch {
    /// See [`NewUser::first_name`].
    #[serde(default, deserialize_with = "not_null")]
    pub first_name: Option<String>,
    /// See [`NewUser::last_name`].
    #[serde(default, deserialize_with = "not_null")]
    pub last_name: Option<String>,
    /// See [`NewUser::email`].
    #[serde(default, deserialize_with = "not_null")]
    pub email: Option<String>,
    /// Global role, by name or number; never one's own.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>)]
    pub role: Option<Choice<Role>>,
    /// See [`NewUser::phone_number`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub phone_number: Option<Option<String>>,
    /// See [`NewUser::department`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub department: Option<Option<String>>,
    /// See [`NewUser::job_title`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub job_title: Option<Option<String>>,
    /// See [`NewUser::manager`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub manager: Option<Option<String>>,
    /// See [`NewUser::time_zone`]; null means `UTC`.
    #[serde(default, deserialize_with = "double_option")]
    pub time_zone: Option<Option<String>>,
    /// See [`NewUser::profile_picture`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub profile_picture: Option<Option<String>>,
}

/// Body of `POST /users/{id}/password`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordInput {
    /// The present password; required for one's own, ignored for others'.
    pub current_password: Option<String>,
    /// 8 characters at least, 72 bytes at most.
    pub new_password: String,
}

impl App {
    /// Creates a user.
    ///
    /// # Errors
    /// When the caller may not, would grant above their own role, or the address is taken.
    pub async fn create_user(&self, context: &Context, input: &NewUser) -> Result<Recorded, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Changes personal data (one's own, or anybody's) and the global role.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or the address is taken.
    pub async fn change_user(&self, context: &Context, id: UserId, patch: &UserPatch) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Sets another password and ends the user's sessions.
    ///
    /// # Errors
    /// When the caller may not, or the present password does not fit.
    pub async fn change_password(
        &self,
        context: &Context,
        id: UserId,
        input: &PasswordInput,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Takes the user out of use; the next request with any of their tokens is refused.
    ///
    /// # Errors
    /// When the caller may not, or this is the last active Admin.
    pub async fn deactivate_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Puts the user in use again.
    ///
    /// # Errors
    /// When the caller may not, or the user was erased.
    pub async fn activate_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Deletes the user softly; the e-mail address stays taken.
    ///
    /// # Errors
    /// When the caller may not, the user has created anything, or is the last active Admin.
    pub async fn delete_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Erases the person for good: personal data becomes unreadable everywhere, the e-mail address is free again.
    ///
    /// # Errors
    /// When the caller may not, or this is the last active Admin.
    pub async fn erase_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Creates the first administrator when there is no user yet; `None` when there is one.
    ///
    /// # Errors
    /// When address or password break their rules.
    pub async fn create_first_admin(&self, email: &str, password: &str) -> Result<Option<Recorded>, ApplicationError> {
        let _ = (email, password);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Finishes erasures that a stop of the process cut short; returns how many. To be called at each start.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn finish_erasures(&self) -> Result<usize, ApplicationError> {
        Err(ApplicationError::internal("not available yet"))
    }
}
