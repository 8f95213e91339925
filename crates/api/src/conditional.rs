//! Conditional reading (RFC 9110, section 13.1.2): who has the entity already gets its tag and no body.
//!
//! Invariant: only an answer that was about to be 200 becomes 304. So the caller's rights, and whether the read models are up
//! to what was asked for, are judged before, and nobody learns by a condition what they may not read.

use axum::{body::Body, extract::Request, response::Response};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

/// Marks an answer that shows something besides the entity of its tag, which changes without a new tag.
#[derive(Clone)]
pub struct ChangesByItself;

/// The entity tags that a reader knows; none for a request that is no reading.
pub struct KnownTags(Vec<HeaderValue>);

impl KnownTags {
    /// Those of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let lines = request.headers().get_all(IF_NONE_MATCH).iter();
        Self(lines.filter(|_| reads).cloned().collect())
    }

    /// The answer, without its body when the reader knows its tag.
    #[must_use]
    pub fn spare(&self, mut response: Response) -> Response {
        let changes = response.extensions().get::<ChangesByItself>().is_some();
        let is_known = !changes && response.headers().get(ETAG).is_some_and(|tag| self.include(tag));
        if response.status() != StatusCode::OK || !is_known {
            return response;
        }
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
        response
    }

    /// The weak comparison. No tag of ours has a comma in it, so lists need no more than to be split.
    fn include(&self, tag: &HeaderValue) -> bool {
        let lines = self.0.iter().filter_map(|line| line.to_str().ok());
        let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
        let Ok(tag) = tag.to_str() else { return false };
        known.any(|candidate| candidate == "*" || opaque(candidate) == opaque(tag))
    }
}

/// A tag without the mark of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(method: Method, lines: &[&'static str], status: StatusCode, tag: Option<&'static str>) -> StatusCode {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        for line in lines {
            request
                .headers_mut()
                .append(IF_NONE_MATCH, HeaderValue::from_static(line));
        }
        let mut response = Response::new(Body::from("{}"));
        *response.status_mut() = status;
        if let Some(tag) = tag {
            response.headers_mut().insert(ETAG, HeaderValue::from_static(tag));
        }
        KnownTags::of(&request).spare(response).status()
    }

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let get = |lines: &[&'static str]| answered(Method::GET, lines, StatusCode::OK, Some("\"7\""));
        for known in [
            &["\"7\""][..],
            &["W/\"7\""],
            &["*"],
            &["\"1\", W/\"7\" ,\"9\""],
            &["\"1\"", "\"7\""],
        ] {
            assert_eq!(get(known), StatusCode::NOT_MODIFIED, "{known:?}");
        }
        for other in [&[][..], &["\"8\""], &["7"], &["\"77\""], &["\"1\", \"2\""], &[""]] {
            assert_eq!(get(other), StatusCode::OK, "{other:?}");
        }
    }

    #[test]
    fn only_good_answers_to_readers_are_spared() {
        let known = ["*"];
        let spared = |method, status, tag| answered(method, &known, status, tag) == StatusCode::NOT_MODIFIED;
        assert!(spared(Method::HEAD, StatusCode::OK, Some("\"7\"")));
        assert!(!spared(Method::POST, StatusCode::OK, Some("\"7\"")));
        assert!(!spared(Method::GET, StatusCode::OK, None));
        assert!(!spared(Method::GET, StatusCode::PRECONDITION_FAILED, Some("\"7\"")));
    }
}
