//! The URL of an endpoint as a template, and the query appended to it.
//!
//! Invariant: only `{env.…}` may stand before the path, so that no input chooses the host; a value in the path stays one
//! path segment, and no segment is `.` or `..`.

use serde_json::Value;
use url::Url;

use crate::allowed::Allowed;
use crate::path::Reference;
use crate::text::TextEncoding;
use crate::text_template::TextPart;
use crate::text_template::TextTemplate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Authority,
    Path,
    Query,
}

/// Compiles a URL: values in its path and query will be percent-encoded.
pub(crate) fn compile(url: &str, allowed: &Allowed) -> Result<TextTemplate, Vec<String>> {
    let mut template = TextTemplate::compile(url.trim(), allowed, TextEncoding::Raw)?;
    let mut problems = Vec::new();
    let mut zone = Zone::Authority;
    for (index, part) in template.parts.iter_mut().enumerate() {
        match part {
            TextPart::Text(text) => {
                if index == 0 && !has_http_scheme(text) {
                    problems.push("a URL begins with http:// or https://, or with {env.NAME}".to_owned());
                }
                if text.contains(is_forbidden) {
                    problems.push("a URL cannot hold blanks, line breaks or backslashes".to_owned());
                }
                if text.contains('#') {
                    problems.push("a URL cannot hold a fragment '#': it is never sent".to_owned());
                }
                zone = advance(zone, text, &mut problems);
            }
            TextPart::Cel(_) => problems.push("a URL takes {path} placeholders, not {= …}".to_owned()),
            TextPart::Placeholder(placeholder) => {
                placeholder.encoding = match (zone, &placeholder.reference) {
                    (Zone::Authority, Reference::Environment(_)) => TextEncoding::Raw,
                    (Zone::Authority, _) => {
                        problems.push("only {env.…} may stand before the path of a URL".to_owned());
                        TextEncoding::Path
                    }
                    (Zone::Path, _) => TextEncoding::Path,
                    (Zone::Query, _) => TextEncoding::Url,
                };
            }
        }
    }
    if let Some(TextPart::Text(text)) = template.parts.first()
        && let Some(detail) = malformed_authority(text, template.parts.len() == 1)
    {
        problems.push(detail);
    }
    if template.parts.is_empty() {
        problems.push("the URL is empty".to_owned());
    }
    if template.omits() {
        problems.push("'?? omit' cannot be used in a URL".to_owned());
    }
    if problems.is_empty() {
        problems.extend(template.refusals(check));
    }
    if problems.is_empty() {
        Ok(template)
    } else {
        Err(problems)
    }
}

/// What is wrong with the host and port that a URL begins with, when they are all there.
fn malformed_authority(text: &str, is_whole: bool) -> Option<String> {
    let (scheme, after) = text.split_once("://")?;
    let end = after.find(['/', '?']).or(is_whole.then_some(after.len()))?;
    let parsed = Url::parse(&text[..scheme.len() + 3 + end]);
    parsed.err().map(|error| format!("the URL is malformed: {error}"))
}

fn advance(zone: Zone, text: &str, problems: &mut Vec<String>) -> Zone {
    let mut rest = text;
    let mut zone = zone;
    if zone == Zone::Authority {
        rest = rest.split_once("://").map_or(rest, |(_, after)| after);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        if rest[..end].contains('@') {
            problems.push("credentials do not belong into a URL: use the authentication of the endpoint".to_owned());
        }
        rest = &rest[end..];
        if rest.starts_with('/') {
            zone = Zone::Path;
        }
    }
    if rest.contains('?') { Zone::Query } else { zone }
}

fn has_http_scheme(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

fn is_forbidden(character: char) -> bool {
    character.is_control() || character.is_whitespace() || character == '\\'
}

/// Checks a complete URL.
pub(crate) fn check(url: &str) -> Result<(), &'static str> {
    if !has_http_scheme(url) {
        return Err("a URL begins with http:// or https://");
    }
    if url.contains(is_forbidden) {
        return Err("a URL cannot hold blanks, line breaks or backslashes");
    }
    let after_scheme = url.split_once("://").map_or("", |(_, after)| after);
    let end = after_scheme.find(['?', '#']).unwrap_or(after_scheme.len());
    let mut segments = after_scheme[..end].split('/');
    if segments.next().is_none_or(str::is_empty) {
        return Err("a URL needs a host");
    }
    // Servers and clients resolve encoded dots too.
    let is_dots = |segment: &str| match segment.len() {
        1 | 2 => segment == "." || segment == "..",
        3..=6 => matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."),
        _ => false,
    };
    if segments.any(is_dots) {
        return Err("'.' and '..' are refused in the path of a URL");
    }
    Ok(())
}

/// Appends query parameters: lists repeat the name, objects are compact JSON, null is left out.
pub(crate) fn append_query<'v>(url: &mut String, pairs: impl IntoIterator<Item = (&'v str, &'v Value)>) {
    let mut separator = match url.rfind('?') {
        None => "?",
        Some(at) if at + 1 == url.len() => "",
        Some(_) => "&",
    };
    for (name, value) in pairs {
        let single = std::slice::from_ref(value);
        for value in if let Value::Array(items) = value {
            items.as_slice()
        } else {
            single
        } {
            if value.is_null() {
                continue;
            }
            url.push_str(separator);
            separator = "&";
            TextEncoding::Url.append(name, url);
            url.push('=');
            // Only null has no text, and it was left out.
            let _ = TextEncoding::Url.append_value(value, url);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_environment_stands_before_the_path() {
        let allowed = Allowed::request(Vec::<String>::new()).with_parameters(["id", "host"]);
        for url in [
            "https://api.example/orders/{id}?q={input.q}",
            "{env.API_URL}/orders/{id}",
            "https://{env.HOST}:8443/x",
            "{env.API_URL}",
            "{env.API_URL}?x={id}",
            "HTTPS://api.example",
        ] {
            compile(url, &allowed).unwrap_or_else(|problems| panic!("{url}: {problems:?}"));
        }
        for url in [
            "",
            "/orders",
            "ftp://a.example/",
            "https://{host}/x",
            "https://{input.host}/x",
            "{input.url}",
            "{env.API_URL}{id}",
            "https://{env.A}.{id}/",
            "https://me:{env.P}@a.example/",
            "https://a.example/a b",
            "https://a.example/../x",
            "https://a.example/%2E%2e/x",
            "https://a.example/x#y",
            "https://a.example/{id ?? omit}",
            "https://a.example/{unknown}",
            "{= input.url}",
            "https:///x",
            "https://a.example:99999/x",
            "https://a.example:port",
            "https://[::1/x",
            "https://256.1.1.1/{id}",
            "https://a b.example/{id}",
            "https://a.example:{id}/",
        ] {
            assert!(compile(url, &allowed).is_err(), "{url}");
        }
    }

    #[test]
    fn queries_are_appended() {
        let mut url = "https://a.example/x".to_owned();
        append_query(
            &mut url,
            [
                ("a b", &json!("ü&=")),
                ("l", &json!([1, null, "x"])),
                ("n", &Value::Null),
                ("o", &json!({"k": 1})),
            ],
        );
        assert_eq!(
            url,
            "https://a.example/x?a%20b=%C3%BC%26%3D&l=1&l=x&o=%7B%22k%22%3A1%7D"
        );
        let mut url = "https://a.example/x?y=1".to_owned();
        append_query(&mut url, [("a", &json!(true))]);
        assert_eq!(url, "https://a.example/x?y=1&a=true");
    }
}
