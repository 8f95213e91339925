//! Tokens: short-lived JWTs for sessions, refresh tokens, API keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wfm_domain::{
    ids::{ApiKeyId, UserId},
    instant::Instant,
};

use crate::{clock::Entropy, error::ApplicationError};

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    iat: i64,
    exp: i64,
}

const ISSUER: &str = "wfm";

/// How long a refresh token serves when nobody says otherwise.
const REFRESH_DAYS: u32 = 30;

/// Issues and reads access tokens (HS256), and knows how long the refresh tokens beside them serve.
pub struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    /// Seconds a token is valid.
    pub lifetime_seconds: i64,
    /// Days a refresh token serves; each exchange begins anew.
    pub refresh_days: u32,
}

impl AccessTokens {
    /// Tokens signed with `key`.
    #[must_use]
    pub fn new(key: &[u8], lifetime_seconds: i64) -> Self {
        super::token_signature::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // Expiry is compared with the injected clock below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            lifetime_seconds,
            refresh_days: REFRESH_DAYS,
        }
    }

    /// The same with refresh tokens that serve so many days.
    #[must_use]
    pub fn with_refresh_days(self, refresh_days: u32) -> Self {
        Self { refresh_days, ..self }
    }

    /// A token for `user` from `now` on.
    ///
    /// # Errors
    /// When signing fails.
    pub fn issue(&self, user: UserId, now: Instant) -> Result<String, ApplicationError> {
        let iat = now.utc().timestamp();
        let claims = Claims {
            sub: user.to_string(),
            iss: ISSUER.to_owned(),
            iat,
            exp: iat + self.lifetime_seconds,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(ApplicationError::internal)
    }

    /// The user of a valid token.
    #[must_use]
    pub fn read(&self, token: &str, now: Instant) -> Option<UserId> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        (claims.exp > now.utc().timestamp()).then_some(())?;
        claims.sub.parse().ok().map(UserId)
    }
}

/// SHA-256 of a token, in hex: the form in which tokens are stored.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// A new random token of 32 bytes, in base64url.
#[must_use]
pub fn random_token(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    BASE64URL.encode(bytes)
}

/// An API key as its owner holds it: `wfm_{id}_{secret}`.
#[must_use]
pub fn api_key(id: ApiKeyId, secret: &str) -> String {
    format!("wfm_{id}_{secret}")
}

/// Id and secret of an API key; `None` when the text is none.
#[must_use]
pub fn parse_api_key(text: &str) -> Option<(ApiKeyId, &str)> {
    let (id, secret) = text.strip_prefix("wfm_")?.split_once('_')?;
    Some((ApiKeyId(id.parse().ok()?), secret))
}
