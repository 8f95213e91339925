//! What handlers take: paths, queries and bodies, read strictly and refused with the place at fault.
//!
//! Invariant: nothing that a caller sends is ignored. An unknown field, an unknown query parameter or a value of another
//! type is refused with a pointer that names it.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::Bytes;
use http::{HeaderMap, Uri, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use wfm_application::context::{Context, Idempotency};
use wfm_domain::field_errors::pointer_segment;

use crate::{
    answer::Preference,
    context::Api,
    error::Problem,
    objects::{self, Objects},
};

/// Longest `Idempotency-Key` in characters.
const LONGEST_IDEMPOTENCY_KEY: usize = 200;

/// How long a body may take to arrive.
const LONGEST_BODY: Duration = Duration::from_secs(60);

/// The variable parts of the path. One that has not the right form addresses nothing.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Api>> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, api).await;
        path.map(|axum::extract::Path(path)| Self(path))
            .map_err(|_| Problem::not_found(parts.uri.path()))
    }
}

/// A signed-in caller who reads; the read models have reached the position that they ask for.
pub struct Reader {
    /// Where the request comes from.
    pub context: Context,
}

impl FromRequestParts<Arc<Api>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let context = context(parts)?;
        if let Some(position) = minimum_position(&parts.uri, &parts.headers)? {
            api.reach(position).await?;
        }
        Ok(Self { context })
    }
}

/// Name of the query parameter that says how far the read models must be.
pub const MINIMUM_POSITION: &str = "min-position";

/// How far the read models must be for a request, if it says so.
///
/// # Errors
/// When it says something else than a position.
pub fn minimum_position(uri: &Uri, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let query = uri.query().unwrap_or_default();
    let written = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(MINIMUM_POSITION)?.strip_prefix('='));
    let written = written.or_else(|| headers.get(MINIMUM_POSITION).and_then(|value| value.to_str().ok()));
    let Some(written) = written else { return Ok(None) };
    let number = written
        .parse()
        .map_err(|_| Problem::bad_parameter(MINIMUM_POSITION, "a position is a whole number"));
    number.map(Some)
}

/// The query parameters as a struct; `min-position` is left to [`Reader`].
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Api>> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        read_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// The query parameters as pairs, in order; `min-position` is left to [`Reader`].
pub struct Pairs(pub Vec<(String, String)>);

impl FromRequestParts<Arc<Api>> for Pairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        read_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let own = |pair: &&str| pair.split('=').next() != Some(MINIMUM_POSITION);
    let query = query.split('&').filter(own).collect::<Vec<_>>().join("&");
    let encoded = percent_encoding::percent_decode_str(&query).decode_utf8();
    encoded.map_err(|_| Problem::malformed("bad-query", "", "the query is not percent-encoded UTF-8"))?;
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = pointer(error.path());
        let detail = error.into_inner().to_string();
        Problem::malformed("bad-parameter", named(path, &detail), detail)
    })
}

/// A command: who sends it, its body, and how it is to be answered.
pub struct Command<B> {
    /// Where it comes from, with `If-Match` and `Idempotency-Key`.
    pub context: Context,
    /// Its body.
    pub body: B,
    /// How it is to be answered.
    pub preference: Preference,
}

impl<B: RequestBody> FromRequest<Arc<Api>> for Command<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let mut context = context(&mut parts)?;
        let preference = Preference::read(&parts.headers)?;
        context.expected_versions = expected_versions(&parts.headers)?;
        let bytes = read_body(body, &parts.headers, api.options.maximum_body_bytes).await?;
        context.idempotency = idempotency(&parts, &bytes)?;
        let body = B::read(&parts.headers, &bytes)?;
        Ok(Self {
            context,
            body,
            preference,
        })
    }
}

/// A request that is taken as it was sent: its origin and headers, and its body once that is wanted.
pub struct Raw {
    /// Where it comes from.
    pub context: Context,
    /// Its headers.
    pub headers: HeaderMap,
    body: Body,
    maximum_bytes: usize,
}

impl Raw {
    /// The text of a header; one that is no text is as good as missing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the body.
    ///
    /// # Errors
    /// When it is too large, or ends before its time.
    pub async fn body(&mut self) -> Result<Bytes, Problem> {
        read_body(std::mem::take(&mut self.body), &self.headers, self.maximum_bytes).await
    }
}

impl FromRequest<Arc<Api>> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        Ok(Self {
            context: context(&mut parts)?,
            headers: parts.headers,
            body,
            maximum_bytes: api.options.maximum_body_bytes,
        })
    }
}

/// A JSON object, or an empty one for an empty body, whatever the body says of its type.
///
/// # Errors
/// When it is no JSON, or JSON of another kind.
pub fn json_object(bytes: &[u8]) -> Result<serde_json::Value, Problem> {
    if bytes.is_empty() {
        return Ok(serde_json::Value::Object(serde_json::Map::new()));
    }
    read_json::<serde_json::Map<String, serde_json::Value>>(bytes).map(serde_json::Value::Object)
}

fn context(parts: &mut Parts) -> Result<Context, Problem> {
    parts
        .extensions
        .remove::<Context>()
        .ok_or_else(|| Problem::internal("a route without a guard asks who calls"))
}

/// A form of body.
pub trait RequestBody: Sized {
    /// The body of a request with these headers.
    ///
    /// # Errors
    /// When it is not of this form.
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem>;
}

/// A JSON object.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> RequestBody for Json<T> {
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        if !is_json(headers) {
            return Err(Problem::unsupported_media_type());
        }
        read_json(bytes).map(Self)
    }
}

/// A JSON object that may be left out.
pub struct Maybe<T>(pub T);

impl<T: DeserializeOwned + Default> RequestBody for Maybe<T> {
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        Json::read(headers, bytes).map(|Json(body)| Self(body))
    }
}

/// Any JSON.
pub struct AnyJson(pub serde_json::Value);

impl RequestBody for AnyJson {
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        if !is_json(headers) {
            return Err(Problem::unsupported_media_type());
        }
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        objects::deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| Self(value)))
            .map_err(|error| locate::<serde_json::Value>(bytes, error))
    }
}

/// No body, or an empty object.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// No body, or an empty object.
pub type Nothing = Maybe<Empty>;

/// JSON by its media type, merge patches (RFC 7396) included.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    kind.eq_ignore_ascii_case("application")
        && (subtype.eq_ignore_ascii_case("json") || subtype.to_ascii_lowercase().ends_with("+json"))
}

async fn read_body(body: Body, headers: &HeaderMap, maximum_bytes: usize) -> Result<Bytes, Problem> {
    let declared = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > maximum_bytes as u64) {
        return Err(Problem::too_large(maximum_bytes));
    }
    let collected = tokio::time::timeout(LONGEST_BODY, Limited::new(body, maximum_bytes).collect());
    let Ok(collected) = collected.await else {
        return Err(Problem::too_slow(LONGEST_BODY));
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(maximum_bytes)),
        Err(_) => Err(Problem::malformed(
            "incomplete-body",
            "",
            "the body ended before its time",
        )),
    }
}

/// A JSON object as a struct. The happy path parses once; only a refused body is parsed again to find the place at fault.
fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|first| *first != b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return Err(Problem::malformed("wrong-type", "", "a JSON object is expected"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    objects::deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| locate::<T>(bytes, error))
}

/// The problem of a refused body, with the place at fault.
fn locate<T: DeserializeOwned>(bytes: &[u8], error: serde_json::Error) -> Problem {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let (path, error) = match serde_path_to_error::deserialize::<_, T>(Objects::within(&mut deserializer)) {
        Ok(_) => (String::new(), error),
        Err(located) => (pointer(located.path()), located.into_inner()),
    };
    let detail = error.to_string();
    if error.is_data() {
        // The place in the text is of no use to a program that made it.
        let detail = detail
            .rsplit_once(" at line ")
            .map_or(detail.as_str(), |(detail, _)| detail);
        let detail = without_value(detail);
        let code = if detail.starts_with("unknown field") {
            "unknown-field"
        } else if detail.starts_with("missing field") {
            "missing-field"
        } else {
            "wrong-type"
        };
        return Problem::malformed(code, named(path, &detail), detail);
    }
    if let Err(invalid) = std::str::from_utf8(bytes) {
        let detail = format!("the body is not UTF-8 from byte {} on", invalid.valid_up_to());
        return Problem::malformed("invalid-utf-8", path, detail);
    }
    Problem::malformed("malformed-json", path, detail)
}

/// A message of serde without the value that the caller wrote, which may be a secret in the wrong place:
/// `invalid type: integer, expected a string`.
fn without_value(detail: &str) -> String {
    let wrong = |detail: &str| {
        let (kind, rest) = ["invalid type: ", "invalid value: "]
            .iter()
            .find_map(|kind| Some((*kind, detail.strip_prefix(kind)?)))?;
        let (written, expected) = rest.rsplit_once(", expected ")?;
        let name = written.split([' ', '`', '"']).next()?;
        Some(format!("{kind}{name}, expected {expected}"))
    };
    wrong(detail).unwrap_or_else(|| detail.to_owned())
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => pointer_segment(key),
            Segment::Enum { variant } => pointer_segment(variant),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The pointer extended by the field that the message names, where the pointer ends at its parent.
fn named(pointer: String, detail: &str) -> String {
    let names = ["missing field `", "unknown field `", "duplicate field `"];
    let field = names
        .iter()
        .find_map(|start| detail.strip_prefix(start)?.split('`').next());
    match field {
        Some(field) if !pointer.ends_with(&pointer_segment(field)) => pointer + &pointer_segment(field),
        Some(_) | None => pointer,
    }
}

/// `If-Match: "7"`, or a list of such tags in one line or several; `*` and its absence demand nothing. A tag that is marked
/// as weak counts as well: what compresses an answer on its way marks them so.
fn expected_versions(headers: &HeaderMap) -> Result<Option<Vec<u64>>, Problem> {
    let refused = || {
        let expected = "entity tags are expected, as the ETag header gives them, or *";
        Problem::bad_header("If-Match", expected)
    };
    let mut versions = Vec::new();
    for line in headers.get_all(http::header::IF_MATCH) {
        for tag in line.to_str().map_err(|_| refused())?.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(None);
            }
            let opaque = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"');
            let opaque = opaque.and_then(|text| text.strip_suffix('"')).ok_or_else(refused)?;
            // A tag that is no version is one that no entity has.
            versions.push(opaque.parse().unwrap_or(u64::MAX));
        }
    }
    Ok((!versions.is_empty()).then_some(versions))
}

/// The `Idempotency-Key` with the hash of the request; the query only says how to answer.
fn idempotency(parts: &Parts, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let Some(value) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST_IDEMPOTENCY_KEY {
        let detail = format!("1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters are expected");
        return Err(Problem::bad_header("Idempotency-Key", detail));
    }
    let mut hash = Sha256::new();
    for part in [parts.method.as_str(), "\n", parts.uri.path(), "\n"] {
        hash.update(part.as_bytes());
    }
    hash.update(body);
    Ok(Some(Idempotency {
        key: key.to_owned(),
        request_hash: hex::encode(hash.finalize()),
    }))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let trickle = futures::stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_secs(7)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let slow = read_body(Body::from_stream(trickle), &HeaderMap::new(), 1 << 20).await;
        assert_eq!(slow.unwrap_err().status(), http::StatusCode::REQUEST_TIMEOUT);
        let whole = read_body(Body::from("{}"), &HeaderMap::new(), 1 << 20).await;
        assert_eq!(whole.unwrap(), "{}");
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        items: Option<Vec<Inner>>,
        free: Option<Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        time_out: i64,
    }

    fn refused(body: &[u8]) -> String {
        format!("{:?}", read_json::<Outer>(body).unwrap_err())
    }

    #[test]
    fn the_pointer_names_the_field() {
        for (body, code, pointer) in [
            (r#"{"name":1}"#, "wrong-type", "/name"),
            (
                r#"{"name":"a","items":[{"timeOut":1},{"timeOut":"x"}]}"#,
                "wrong-type",
                "/items/1/timeOut",
            ),
            (
                r#"{"name":"a","items":[{"timeOut":1.5}]}"#,
                "wrong-type",
                "/items/0/timeOut",
            ),
            (
                r#"{"name":"a","items":[{"timeOut":1,"b/c":2}]}"#,
                "unknown-field",
                "/items/0/b~1c",
            ),
            (r#"{"name":"a","items":[{}]}"#, "missing-field", "/items/0/timeOut"),
            (r#"{"name":"a","nope":1}"#, "unknown-field", "/nope"),
            (r#"{"name":"a","name":"b"}"#, "wrong-type", "/name"),
            (r#"{}"#, "missing-field", "/name"),
            (r#"[]"#, "wrong-type", "\"\""),
            (r#"{"name":"a","items":[{"timeOut":1},[1]]}"#, "wrong-type", "/items/1"),
            (r#"{"name":"a"} x"#, "malformed-json", "\"\""),
            (r#"{"name":"a","free":{"x":[1,}}"#, "malformed-json", "/free/x/1"),
            (r#"{"name":"a""#, "malformed-json", "\"\""),
            ("", "malformed-json", "\"\""),
            (r#"{"name":"a","free":{"x":1,"x":2}}"#, "wrong-type", "/free/x"),
        ] {
            let problem = refused(body.as_bytes());
            assert!(problem.contains(code) && problem.contains(pointer), "{body}: {problem}");
        }
        let problem = refused(br#"{"name":20261123}"#);
        assert!(
            problem.contains("invalid type: integer, expected a string") && !problem.contains("2026"),
            "{problem}"
        );
        let problem = refused(b"{\"name\":\"\xff\"}");
        assert!(
            problem.contains("invalid-utf-8") && problem.contains("/name"),
            "{problem}"
        );
    }

    #[test]
    fn queries_are_read_strictly() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[allow(dead_code)]
        struct Wanted {
            wait: Option<u8>,
        }
        assert_eq!(read_query::<Wanted>("wait=5&min-position=7").unwrap().wait, Some(5));
        for (query, pointer) in [
            ("wait=x", "/wait"),
            ("waits=1", "/waits"),
            ("wait=1&wait=2", "/wait"),
            ("wait=%FF", ""),
        ] {
            let problem = format!("{:?}", read_query::<Wanted>(query).unwrap_err());
            assert!(problem.contains(pointer), "{query}: {problem}");
        }
    }
}
