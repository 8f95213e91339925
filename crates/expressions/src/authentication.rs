//! How an endpoint authenticates: read from its settings, compiled into headers or a query parameter.
//!
//! Invariant: passwords, tokens and keys are `{env.NAME}` placeholders; a literal one is refused.

use serde_json::{Map, Value};

use crate::allowed::{Allowed, Problem};
use crate::credentials::CompiledCredentials;
use crate::error::RenderError;
use crate::path::Segment;
use crate::placeholder::{Fallback, Piece, pieces};
use crate::rendered::{LatePart, RenderedText, basic_credentials};
use crate::scope::Scope;
use crate::text::TextEncoding;
use crate::text_template::ParameterValues;
use crate::text_template::TextTemplate;

/// Where an API key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyLocation {
    /// A header.
    Header,
    /// A query parameter.
    Query,
}

/// How requests to an endpoint are authenticated. The strings are templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    None,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name, a template.
        username: String,
        /// The password, `{env.NAME}`.
        password: String,
    },
    /// `Authorization: Bearer` (RFC 6750).
    Bearer {
        /// The token, `{env.NAME}`.
        token: String,
    },
    /// A key in a header or a query parameter.
    ApiKey {
        /// Where it is sent.
        location: ApiKeyLocation,
        /// The name of the header or parameter.
        name: String,
        /// The key, `{env.NAME}`.
        value: String,
    },
    /// A bearer token fetched with the client credentials grant (RFC 6749, section 4.4).
    OAuth2ClientCredentials {
        /// Where tokens are fetched, a template.
        token_url: String,
        /// The client, a template.
        client_id: String,
        /// Its secret, `{env.NAME}`.
        client_secret: String,
        /// The scope asked for, a template.
        scope: Option<String>,
        /// The audience asked for, a template.
        audience: Option<String>,
        /// Whether the client's credentials are sent in the body instead of HTTP Basic.
        in_body: bool,
    },
    /// A client certificate (mutual TLS).
    MutualTls {
        /// The certificate and its chain in PEM, a template.
        certificate: String,
        /// The private key in PEM, `{env.NAME}`.
        key: String,
    },
}

impl Authentication {
    /// Reads `AuthenticationMethod` and its settings. Pointers are relative to the settings.
    pub fn parse(method: Option<&str>, settings: Option<&Value>) -> Result<Self, Vec<Problem>> {
        let one = |detail: String| Err(vec![Problem::new("", detail)]);
        let empty = Map::new();
        let settings = match settings {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(object)) => object,
            Some(_) => return one("the settings of an authentication are an object".to_owned()),
        };
        let mut reader = Settings {
            settings,
            problems: Vec::new(),
        };
        let authentication = match method.map(str::trim) {
            None | Some("" | "None") => {
                reader.only(&[]);
                Self::None
            }
            Some("Basic") => {
                reader.only(&["username", "password"]);
                Self::Basic {
                    username: reader.text("username"),
                    password: reader.secret("password"),
                }
            }
            Some("Bearer") => {
                reader.only(&["token"]);
                Self::Bearer {
                    token: reader.secret("token"),
                }
            }
            Some("ApiKey") => {
                reader.only(&["in", "name", "value"]);
                let location = match settings.get("in").and_then(Value::as_str) {
                    Some("header") => ApiKeyLocation::Header,
                    Some("query") => ApiKeyLocation::Query,
                    _ => {
                        reader.problems.push(Problem::new("/in", "'in' is header or query"));
                        ApiKeyLocation::Header
                    }
                };
                Self::ApiKey {
                    location,
                    name: reader.text("name"),
                    value: reader.secret("value"),
                }
            }
            Some("OAuth2ClientCredentials") => {
                reader.only(&[
                    "tokenUrl",
                    "clientId",
                    "clientSecret",
                    "scope",
                    "audience",
                    "clientAuthentication",
                ]);
                let in_body = match settings.get("clientAuthentication") {
                    None | Some(Value::Null) => false,
                    Some(Value::String(word)) if word == "basic" => false,
                    Some(Value::String(word)) if word == "body" => true,
                    Some(_) => {
                        reader.problems.push(Problem::new(
                            "/clientAuthentication",
                            "'clientAuthentication' is basic or body",
                        ));
                        false
                    }
                };
                Self::OAuth2ClientCredentials {
                    token_url: reader.text("tokenUrl"),
                    client_id: reader.text("clientId"),
                    client_secret: reader.secret("clientSecret"),
                    scope: reader.optional("scope"),
                    audience: reader.optional("audience"),
                    in_body,
                }
            }
            Some("MutualTls") => {
                reader.only(&["certificate", "key"]);
                Self::MutualTls {
                    certificate: reader.text("certificate"),
                    key: reader.secret("key"),
                }
            }
            Some(method) => {
                return one(format!(
                    "unknown authentication method '{method}': known are None, Basic, Bearer, ApiKey, \
                     OAuth2ClientCredentials and MutualTls"
                ));
            }
        };
        if reader.problems.is_empty() {
            Ok(authentication)
        } else {
            Err(reader.problems)
        }
    }
}

struct Settings<'a> {
    settings: &'a Map<String, Value>,
    problems: Vec<Problem>,
}

impl Settings<'_> {
    fn only(&mut self, known: &[&str]) {
        for key in self.settings.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems
                .push(Problem::new(format!("/{key}"), format!("unknown setting '{key}'")));
        }
    }

    fn text(&mut self, key: &str) -> String {
        match self.settings.get(key).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                self.problems
                    .push(Problem::new(format!("/{key}"), format!("'{key}' is needed, a text")));
                String::new()
            }
        }
    }

    fn optional(&mut self, key: &str) -> Option<String> {
        let is_given = self.settings.get(key).is_some_and(|value| !value.is_null());
        is_given.then(|| self.text(key))
    }

    fn secret(&mut self, key: &str) -> String {
        let text = self.text(key);
        if !text.is_empty()
            && let Err(detail) = check_secret(&text)
        {
            self.problems.push(Problem::new(format!("/{key}"), detail));
        }
        text
    }
}

/// A secret setting is exactly `{env.NAME}`.
pub(crate) fn check_secret(text: &str) -> Result<(), String> {
    let refusal = || Err("a secret is never written here: name a variable of the environment, {env.NAME}".to_owned());
    match pieces(text)?.as_slice() {
        [
            Piece::Placeholder {
                path,
                fallback: Fallback::None,
                ..
            },
        ] => match path.segments.as_slice() {
            [Segment::Name(_)] if path.root == "env" => Ok(()),
            _ => refusal(),
        },
        _ => refusal(),
    }
}

/// The compiled form.
#[derive(Debug)]
pub(crate) enum CompiledAuthentication {
    None,
    Header {
        name: String,
        value: TextTemplate,
    },
    Query {
        name: String,
        value: TextTemplate,
    },
    Basic {
        username: TextTemplate,
        password: TextTemplate,
    },
    /// What the connection needs instead of a header.
    Credentials(CompiledCredentials),
}

impl CompiledAuthentication {
    /// Pointers are relative to the settings.
    pub(crate) fn compile(authentication: &Authentication, allowed: &Allowed, problems: &mut Vec<Problem>) -> Self {
        let mut text = |key: &str, template: &str, is_secret: bool| {
            let checked = if is_secret {
                check_secret(template).map_err(|detail| vec![detail])
            } else {
                Ok(())
            };
            let prefix = if key == "token" { "Bearer " } else { "" };
            let compiled = checked.and_then(|()| TextTemplate::compile(template, allowed, TextEncoding::Raw));
            let mut compiled = compiled.unwrap_or_else(|details| {
                problems.extend(
                    details
                        .into_iter()
                        .map(|detail| Problem::new(format!("/{key}"), detail)),
                );
                TextTemplate { parts: Vec::new() }
            });
            if !prefix.is_empty() {
                compiled.prepend(prefix);
            }
            compiled
        };
        match authentication {
            Authentication::None => Self::None,
            Authentication::OAuth2ClientCredentials { .. } | Authentication::MutualTls { .. } => {
                CompiledCredentials::compile(authentication, allowed, problems).map_or(Self::None, Self::Credentials)
            }
            Authentication::Basic { username, password } => Self::Basic {
                username: text("username", username, false),
                password: text("password", password, true),
            },
            Authentication::Bearer { token } => Self::Header {
                name: "authorization".to_owned(),
                value: text("token", token, true),
            },
            Authentication::ApiKey { location, name, value } => {
                let value = text("value", value, true);
                match location {
                    ApiKeyLocation::Header => Self::Header {
                        name: name.clone(),
                        value,
                    },
                    ApiKeyLocation::Query => Self::Query {
                        name: name.clone(),
                        value,
                    },
                }
            }
        }
    }

    /// The header it sets.
    pub(crate) fn header_name(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            Self::Basic { .. } | Self::Credentials(CompiledCredentials::OAuth2 { .. }) => Some("authorization"),
            Self::None | Self::Query { .. } | Self::Credentials(CompiledCredentials::MutualTls { .. }) => None,
        }
    }

    /// Whether it sends a header of this name.
    pub(crate) fn is_header(&self, name: &str) -> bool {
        self.header_name().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether it sends a query parameter of this name.
    pub(crate) fn is_query(&self, name: &str) -> bool {
        matches!(self, Self::Query { name: own, .. } if own == name)
    }

    pub(crate) fn header(
        &self,
        scope: &Scope<'_>,
        parameters: &ParameterValues,
    ) -> Result<Option<(String, RenderedText)>, Box<RenderError>> {
        match self {
            Self::None | Self::Query { .. } | Self::Credentials(_) => Ok(None),
            Self::Header { name, value } => Ok(value.render(scope, parameters)?.map(|value| (name.clone(), value))),
            Self::Basic { username, password } => {
                let (Some(username), Some(password)) =
                    (username.render(scope, parameters)?, password.render(scope, parameters)?)
                else {
                    return Ok(None);
                };
                let value = match (username, password) {
                    (RenderedText::Plain(username), RenderedText::Plain(password)) => {
                        RenderedText::Plain(format!("Basic {}", basic_credentials(&username, &password)?))
                    }
                    (username, password) => RenderedText::Late(vec![
                        LatePart::Text("Basic ".to_owned()),
                        LatePart::Basic {
                            username: username.into_parts(),
                            password: password.into_parts(),
                        },
                    ]),
                };
                Ok(Some(("authorization".to_owned(), value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn methods_and_their_settings_are_read() {
        let parse = |method, settings: Value| Authentication::parse(Some(method), Some(&settings));
        assert_eq!(Authentication::parse(None, None), Ok(Authentication::None));
        assert_eq!(parse("None", json!({})), Ok(Authentication::None));
        assert_eq!(
            parse("Basic", json!({"username": "me", "password": "{env.P}"})),
            Ok(Authentication::Basic {
                username: "me".into(),
                password: "{env.P}".into()
            })
        );
        assert_eq!(
            parse("Bearer", json!({"token": "{env.T}"})),
            Ok(Authentication::Bearer {
                token: "{env.T}".into()
            })
        );
        assert_eq!(
            parse("ApiKey", json!({"in": "query", "name": "key", "value": "{env.K}"})),
            Ok(Authentication::ApiKey {
                location: ApiKeyLocation::Query,
                name: "key".into(),
                value: "{env.K}".into()
            })
        );
        for (method, settings, pointer) in [
            ("Basic", json!({"username": "me", "password": "secret"}), "/password"),
            ("Basic", json!({"password": "{env.P}"}), "/username"),
            ("Bearer", json!({"token": "x{env.T}"}), "/token"),
            ("Bearer", json!({"token": "{input.t}"}), "/token"),
            ("Bearer", json!({"token": "{env.T ?? \"abc\"}"}), "/token"),
            ("Bearer", json!({"token": "{env.T}", "extra": 1}), "/extra"),
            (
                "ApiKey",
                json!({"in": "cookie", "name": "a", "value": "{env.K}"}),
                "/in",
            ),
            (
                "OAuth2ClientCredentials",
                json!({"clientId": "c", "clientSecret": "{env.S}"}),
                "/tokenUrl",
            ),
            (
                "OAuth2ClientCredentials",
                json!({"tokenUrl": "https://id.example/t", "clientId": "c", "clientSecret": "literal"}),
                "/clientSecret",
            ),
            (
                "OAuth2ClientCredentials",
                json!({"tokenUrl": "https://id.example/t", "clientId": "c", "clientSecret": "{env.S}", "clientAuthentication": "post"}),
                "/clientAuthentication",
            ),
            ("MutualTls", json!({"certificate": "{env.C}", "key": "PEM"}), "/key"),
            ("Digest", json!({}), ""),
            ("Basic", json!([]), ""),
        ] {
            let problems = parse(method, settings.clone()).unwrap_err();
            assert_eq!(problems[0].pointer, pointer, "{method} {settings}: {problems:?}");
        }
    }
}
