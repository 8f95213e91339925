//! Checks an endpoint's URL template as far as it can be checked without its expressions.
//!
//! Invariant: what decides where a call goes (scheme, host, port) is written out or comes from the environment's
//! variables; no run input reaches it.

use crate::{field_errors::FieldErrors, text};

/// Checks the URL template of the field at `pointer`: at most 2000 UTF-16 units, http or https.
pub(super) fn check_url(errors: &mut FieldErrors, pointer: &str, written: &str) -> String {
    let url = text::name(errors, pointer, written, 2000);
    if url.is_empty() {
        return url;
    }
    let lower = url.to_ascii_lowercase();
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.starts_with(scheme).then(|| &url[scheme.len()..]));
    let Some(rest) = rest.or_else(|| url.starts_with("{env.").then_some(url.as_str())) else {
        errors.add(
            pointer,
            "must begin with http://, https:// or an {env.NAME} that holds the beginning",
        );
        return url;
    };
    let authority = before_path(rest);
    if authority.is_empty() {
        errors.add(pointer, "must name a host");
    }
    if authority.contains('@') {
        errors.add(
            pointer,
            "must not contain credentials; use authentication with {env.NAME} placeholders",
        );
    }
    if authority.contains(char::is_whitespace) {
        errors.add(pointer, "must not contain spaces before the path");
    }
    if authority
        .match_indices('{')
        .any(|(at, _)| !authority[at..].starts_with("{env."))
    {
        errors.add(pointer, "only {env.NAME} placeholders may stand before the path");
    }
    url
}

/// What stands before the first `/`, `?` or `#` outside a placeholder.
fn before_path(text: &str) -> &str {
    let mut depth = 0_u32;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' | '?' | '#' if depth == 0 => return &text[..at],
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(url: &str) -> bool {
        let mut errors = FieldErrors::new();
        check_url(&mut errors, "/url", url);
        errors.is_empty()
    }

    #[test]
    fn web_urls_and_environment_placeholders_are_accepted() {
        for url in [
            "https://api.example.com",
            "HTTP://localhost:8080/a/{id}?q={q}",
            "{env.API_URL}/orders/{id}",
            "https://{env.HOST}:8443/x",
            "https://example.com/?to=a@b.example",
        ] {
            assert!(accepted(url), "{url}");
        }
    }

    #[test]
    fn everything_else_before_the_path_is_refused() {
        for url in [
            "",
            "ftp://example.com",
            "example.com/x",
            "https://",
            "https:///x",
            "https://{host}/x",
            "https://u:p@example.com",
            "https://{env.A}{b}/",
            "{host}/x",
        ] {
            assert!(!accepted(url), "{url}");
        }
    }
}
