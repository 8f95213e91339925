//! Answers to commands: what was recorded, with the entity as it stands then, once the read models show it.
//!
//! Invariant: a command, once begun, is carried through even if its caller goes away; and its answer never shows an entity
//! of another version than the one the command led to.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type},
};
use wfm_application::{context::Context, error::ApplicationError, store::Recorded};
use wfm_projections::queries::Visibility;
use wfm_storage::read_store::Cell;

use crate::{
    context::Api,
    error::{Problem, etag},
    rows::{Entity, Shown},
};

const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Longest time that a caller may wait for a run's end.
pub const LONGEST_WAIT_SECONDS: u64 = 60;

/// How a caller wants to be answered (RFC 7240).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preference {
    /// Without waiting for the read models.
    pub respond_async: bool,
    /// When the run has ended, or this time has passed.
    pub wait: Option<Duration>,
}

impl Preference {
    /// The preferences of a request. What is not known is left alone, as RFC 7240 asks.
    ///
    /// # Errors
    /// When `wait` is no number.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut preference = Self::default();
        for value in headers.get_all(PREFER) {
            let text = value.to_str().unwrap_or_default();
            for part in text.split([',', ';']).map(str::trim) {
                if part.eq_ignore_ascii_case("respond-async") {
                    preference.respond_async = true;
                } else if part.eq_ignore_ascii_case("wait") {
                    preference.wait = Some(Duration::from_secs(LONGEST_WAIT_SECONDS));
                } else if let Some(seconds) = wait_seconds(part) {
                    let seconds: u64 = seconds
                        .parse()
                        .map_err(|_| Problem::bad_header("Prefer", "wait takes whole seconds"))?;
                    preference.wait = Some(Duration::from_secs(seconds.min(LONGEST_WAIT_SECONDS)));
                }
            }
        }
        Ok(preference)
    }
}

/// The seconds of `wait=N`.
fn wait_seconds(part: &str) -> Option<&str> {
    let (name, value) = part.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("wait")
        .then(|| value.trim().trim_matches('"'))
}

/// Carries a use case through, whether or not its caller stays.
///
/// # Errors
/// Those of the use case.
pub async fn carried_through<T: Send + 'static>(
    use_case: impl Future<Output = Result<T, ApplicationError>> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::spawn(use_case).await {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// What a command recorded. The entity's fields are added as GET shows them, while it still has this version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of what Answered serialises")]
pub struct CommandAnswer {
    /// Id of the entity: a whole number; an execution's is a text.
    #[schema(schema_with = id_schema)]
    id: Value,
    /// Version of the entity after the command; for `If-Match` see the `ETag` header.
    version: u64,
    /// Position in the log that a reader must have reached to see the change (`min-position`).
    position: u64,
    /// False when the read models did not reach the position in time: the change is recorded and will show later.
    #[serde(skip_serializing_if = "Option::is_none")]
    projected: Option<bool>,
}

fn id_schema() -> Schema {
    let number = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let either = OneOfBuilder::new().item(number).item(text);
    either
        .description(Some("Id of the entity; an execution's is a text."))
        .into()
}

/// Serialises as [`CommandAnswer`] with the members of the entity.
struct Answered<'a> {
    recorded: &'a Recorded,
    entity: Option<&'a Entity>,
    projected: bool,
    secret: Option<&'a (&'static str, Option<String>)>,
}

impl Serialize for Answered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(entity) = self.entity {
            entity.members(&mut map)?;
            if !entity.row.has("version") {
                map.serialize_entry("version", &self.recorded.version)?;
            }
        } else {
            map.serialize_entry("id", &self.recorded.id)?;
            map.serialize_entry("version", &self.recorded.version)?;
        }
        map.serialize_entry("position", &self.recorded.position)?;
        if !self.projected {
            map.serialize_entry("projected", &false)?;
        }
        if let Some((name, secret)) = self.secret {
            map.serialize_entry(name, secret)?;
        }
        map.end()
    }
}

/// What became of a command, as its answer tells it.
pub struct Done {
    recorded: Recorded,
    preference: Preference,
    status: StatusCode,
    location: Option<String>,
    secret: Option<(&'static str, Option<String>)>,
}

impl Done {
    /// A change of something that exists.
    #[must_use]
    pub fn changed(recorded: Recorded, preference: Preference) -> Self {
        Self {
            recorded,
            preference,
            status: StatusCode::OK,
            location: None,
            secret: None,
        }
    }

    /// Something new in the collection at this path.
    #[must_use]
    pub fn created(recorded: Recorded, preference: Preference, collection: &str) -> Self {
        let id = id_text(&recorded.id);
        let location = Some(format!("{collection}/{id}"));
        Self {
            recorded,
            preference,
            status: StatusCode::CREATED,
            location,
            secret: None,
        }
    }

    /// What was created is part of a draft alone, for now.
    #[must_use]
    pub fn in_draft(mut self) -> Self {
        self.location = self.location.map(|location| format!("{location}?version=draft"));
        self
    }

    /// The answer is about the entity with this id, of which the command changed a part.
    #[must_use]
    pub fn of(mut self, id: i64) -> Self {
        self.recorded.id = id.into();
        self
    }

    /// Shows a secret this once; `None` when it was shown before.
    #[must_use]
    pub fn with_secret(mut self, name: &'static str, secret: Option<String>) -> Self {
        self.secret = Some((name, secret));
        self
    }

    /// The answer with nothing but what was recorded.
    ///
    /// # Errors
    /// None; the form is that of its siblings.
    pub async fn answer(self, api: &Api) -> Result<Response, Problem> {
        let projected = self.settle(api).await;
        self.write(None, projected)
    }

    /// The answer with the entity.
    ///
    /// # Errors
    /// When the read store fails.
    pub async fn answer_with<R: Shown>(self, api: &Api) -> Result<Response, Problem> {
        let projected = self.settle(api).await;
        let Some(key) = key_cell(&self.recorded.id).filter(|_| projected && !self.preference.respond_async) else {
            return self.write(None, projected);
        };
        // The caller may not have seen the workspace a moment ago, but has just changed the thing.
        let row = api.row::<R>(key, &Visibility::All).await?;
        let row = row.filter(|row| {
            row.stream_version()
                .is_none_or(|version| version == self.recorded.version)
        });
        let entity = match row {
            Some(row) => Some(api.entity::<R>(row).await?),
            None => None,
        };
        self.write(entity.as_ref(), projected)
    }

    /// Waits for the read models unless the caller does not want to; false when they are late.
    async fn settle(&self, api: &Api) -> bool {
        self.preference.respond_async || api.projected(self.recorded.position).await
    }

    fn write(&self, entity: Option<&Entity>, projected: bool) -> Result<Response, Problem> {
        let body = Answered {
            recorded: &self.recorded,
            entity,
            projected,
            secret: self.secret.as_ref(),
        };
        let mut response = json(self.status, &body)?;
        let headers = response.headers_mut();
        headers.insert(ETAG, etag(self.recorded.version));
        if let Some(location) = self
            .location
            .as_deref()
            .and_then(|location| HeaderValue::try_from(location).ok())
        {
            headers.insert(LOCATION, location);
        }
        if self.recorded.repeated {
            mark_repeated(headers);
        }
        if self.secret.is_some() {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Ok(response)
    }
}

/// Says that an earlier request with the same idempotency key did it.
pub fn mark_repeated(headers: &mut HeaderMap) {
    headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
}

/// An id without quotes.
fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn key_cell(id: &Value) -> Option<Cell> {
    match id {
        Value::Number(number) => number.as_i64().map(Cell::Integer),
        Value::String(text) => Some(Cell::from(text.as_str())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A JSON answer.
///
/// # Errors
/// When the body does not serialise.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(body).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A JSON answer that nobody may keep, because it holds a secret.
///
/// # Errors
/// When the body does not serialise.
pub fn secret(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    let mut response = json(status, body)?;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// An entity as the answer of GET.
///
/// # Errors
/// When it does not serialise.
pub fn entity(entity: &Entity) -> Result<Response, Problem> {
    Ok(entity_tag(json(StatusCode::OK, entity)?, entity.row.stream_version()))
}

/// The answer with the entity tag of a stream version, where there is one.
#[must_use]
pub fn entity_tag(mut response: Response, version: Option<u64>) -> Response {
    if let Some(version) = version {
        response.headers_mut().insert(ETAG, etag(version));
    }
    response
}

impl Api {
    /// The answer of GET for an entity that the caller may see.
    ///
    /// # Errors
    /// 404 naming `what`, or when the store fails.
    pub async fn show<R: Shown>(
        &self,
        context: &Context,
        key: impl Into<Cell>,
        what: impl FnOnce() -> String,
    ) -> Result<Response, Problem> {
        let row = self.seen::<R>(context, key, what).await?;
        entity(&self.entity::<R>(row).await?)
    }
}

impl Api {
    /// The same for a part of another entity, whose id stands in `parent`'s column.
    ///
    /// # Errors
    /// 404 naming `what`, or when the store fails.
    pub async fn show_child<R: Shown>(
        &self,
        context: &Context,
        key: impl Into<Cell>,
        parent: (&str, i64),
        what: impl Fn() -> String,
    ) -> Result<Response, Problem> {
        let row = self.seen::<R>(context, key, &what).await?;
        if row.integer(parent.0) != Some(parent.1) {
            return Err(Problem::not_found(what()));
        }
        entity(&self.entity::<R>(row).await?)
    }
}

/// Carries a use case of the application through: `carry!(api, app => app.use_case(…))`.
macro_rules! carry {
    ($api:expr, $app:ident => $use_case:expr) => {{
        let $app = std::sync::Arc::clone(&$api.app);
        $crate::answer::carried_through(async move { $use_case.await }).await?
    }};
}
pub(crate) use carry;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Preference {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_static(value));
        }
        Preference::read(&headers).unwrap()
    }

    #[test]
    fn preferences_are_read() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(read(&[]), Preference::default());
        assert_eq!(
            read(&["respond-async, wait=10"]),
            Preference {
                respond_async: true,
                wait: seconds(10)
            }
        );
        assert_eq!(
            read(&["respond-async", "Wait = 3"]),
            Preference {
                respond_async: true,
                wait: seconds(3)
            }
        );
        assert_eq!(read(&["wait"]).wait, seconds(60));
        assert_eq!(read(&["wait=900"]).wait, seconds(60));
        assert_eq!(read(&["return=minimal"]), Preference::default());
    }
}
