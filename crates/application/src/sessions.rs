//! Sessions: logging in and out, refreshing tokens, and who is behind a token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{app::App, context::Context, error::ApplicationError, security::access::Caller};

/// Body of `POST /auth/login`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Body of `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshInput {
    /// The refresh token.
    pub refresh_token: String,
}

/// What a login or refresh answers.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// `Bearer`.
    pub token_type: &'static str,
    /// For the `Authorization` header.
    pub access_token: String,
    /// To be exchanged once for new tokens.
    pub refresh_token: String,
    /// Seconds the access token is valid.
    pub expires_in: i64,
}

/// Who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `Users.Id`.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Global role by name, narrowed by the API key if one was used.
    pub role: &'static str,
    /// IANA name.
    pub time_zone: String,
    /// The API key that was used.
    pub api_key_id: Option<i64>,
    /// Workspaces the caller is a member of, in order of their ids.
    pub workspaces: Vec<Membership>,
}

/// A workspace of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// `Workspaces.Id`.
    pub workspace_id: i64,
    /// Role in it by name, narrowed by the API key if one was used.
    pub role: &'static str,
}

impl App {
    /// Proves a password and begins a session. `context` is the system's, with the client's address.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`], the same for unknown users, wrong passwords and inactive users;
    /// [`ApplicationError::TooMany`] after too many failures.
    pub async fn login(&self, context: &Context, input: &LoginInput) -> Result<Tokens, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Exchanges a refresh token for new tokens. One that was exchanged before ends all sessions of its login.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`].
    pub async fn refresh(&self, input: &RefreshInput) -> Result<Tokens, ApplicationError> {
        let _ = input;
        Err(ApplicationError::internal("not available yet"))
    }

    /// Ends the sessions of the login that the refresh token descends from; an unknown token is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout(&self, input: &RefreshInput) -> Result<(), ApplicationError> {
        let _ = input;
        Err(ApplicationError::internal("not available yet"))
    }

    /// Who the caller is.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn me(&self, context: &Context) -> Result<Me, ApplicationError> {
        let _ = context;
        Err(ApplicationError::internal("not available yet"))
    }

    /// The caller behind a bearer token: an access token or an API key. Reads no database and checks no password hash.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`].
    pub fn authenticate(&self, bearer: &str) -> Result<Caller, ApplicationError> {
        let _ = bearer;
        Err(ApplicationError::internal("not available yet"))
    }
}
