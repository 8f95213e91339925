//! Credentials that the connection needs rather than a header: OAuth2 client credentials and client certificates.
//!
//! Invariant: the durable form names variables where secrets belong, and the filled-in form shows nothing in `Debug`.

use serde::{Deserialize, Serialize};

use crate::allowed::{Allowed, Problem};
use crate::authentication::{Authentication, check_secret};
use crate::error::{RenderError, RenderErrorKind};
use crate::rendered::{RenderedText, Resolver};
use crate::scope::Scope;
use crate::text::TextEncoding;
use crate::text_template::TextTemplate;
use crate::url_template;

/// The compiled form.
#[derive(Debug)]
pub(crate) enum CompiledCredentials {
    OAuth2 {
        token_url: TextTemplate,
        client_id: TextTemplate,
        client_secret: TextTemplate,
        scope: Option<TextTemplate>,
        audience: Option<TextTemplate>,
        in_body: bool,
    },
    MutualTls {
        certificate: TextTemplate,
        key: TextTemplate,
    },
}

/// The durable form: complete but for the secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RenderedCredentials {
    /// OAuth2 client credentials.
    #[serde(rename = "oauth2")]
    OAuth2 {
        /// Where tokens are fetched.
        #[serde(rename = "u")]
        token_url: RenderedText,
        /// The client.
        #[serde(rename = "i")]
        client_id: RenderedText,
        /// Its secret.
        #[serde(rename = "s")]
        client_secret: RenderedText,
        /// The scope asked for.
        #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
        scope: Option<RenderedText>,
        /// The audience asked for.
        #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
        audience: Option<RenderedText>,
        /// Whether the client's credentials go into the body.
        #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
        in_body: bool,
    },
    /// A client certificate.
    #[serde(rename = "mtls")]
    MutualTls {
        /// The certificate and its chain in PEM.
        #[serde(rename = "c")]
        certificate: RenderedText,
        /// The private key in PEM.
        #[serde(rename = "k")]
        key: RenderedText,
    },
}

/// Credentials ready to be used.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Fetches a bearer token.
    ClientCredentials(ClientCredentials),
    /// Identifies the client in the TLS handshake.
    ClientCertificate(ClientCertificate),
}

/// The client credentials grant of OAuth2, filled in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientCredentials {
    /// Where tokens are fetched.
    pub token_url: String,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The scope asked for.
    pub scope: Option<String>,
    /// The audience asked for.
    pub audience: Option<String>,
    /// Whether the client's credentials go into the body instead of HTTP Basic.
    pub in_body: bool,
}

/// A client certificate, filled in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// The certificate and its chain in PEM.
    pub certificate: String,
    /// The private key in PEM.
    pub key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::ClientCredentials(_) => "ClientCredentials",
            Self::ClientCertificate(_) => "ClientCertificate",
        })
    }
}

impl CompiledCredentials {
    /// Compiles what is not a header; `None` for every other method. Pointers are relative to the settings.
    pub(crate) fn compile(
        authentication: &Authentication,
        allowed: &Allowed,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let allowed = allowed.without_parameters();
        let mut note = |key: &str, compiled: Result<TextTemplate, Vec<String>>| {
            compiled.unwrap_or_else(|details| {
                let place = |detail| Problem::new(format!("/{key}"), detail);
                problems.extend(details.into_iter().map(place));
                TextTemplate { parts: Vec::new() }
            })
        };
        let text = |template: &str| TextTemplate::compile(template, &allowed, TextEncoding::Raw);
        let secret = |template: &str| match check_secret(template) {
            Ok(()) => text(template),
            Err(detail) => Err(vec![detail]),
        };
        match authentication {
            Authentication::OAuth2ClientCredentials {
                token_url,
                client_id,
                client_secret,
                scope,
                audience,
                in_body,
            } => Some(Self::OAuth2 {
                token_url: note("tokenUrl", url_template::compile(token_url, &allowed)),
                client_id: note("clientId", text(client_id)),
                client_secret: note("clientSecret", secret(client_secret)),
                scope: scope.as_deref().map(|scope| note("scope", text(scope))),
                audience: audience.as_deref().map(|audience| note("audience", text(audience))),
                in_body: *in_body,
            }),
            Authentication::MutualTls { certificate, key } => Some(Self::MutualTls {
                certificate: note("certificate", text(certificate)),
                key: note("key", secret(key)),
            }),
            Authentication::None
            | Authentication::Basic { .. }
            | Authentication::Bearer { .. }
            | Authentication::ApiKey { .. } => None,
        }
    }

    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<RenderedCredentials, Box<RenderError>> {
        let optional = |key: &str, template: &TextTemplate| {
            template
                .render(scope, &[])
                .map_err(|error| error.inside(key).inside("authentication"))
        };
        let needed = |key: &str, template: &TextTemplate| {
            optional(key, template)?.ok_or_else(|| {
                RenderError::new(RenderErrorKind::Missing, "", "the setting is needed")
                    .inside(key)
                    .inside("authentication")
            })
        };
        Ok(match self {
            Self::OAuth2 {
                token_url,
                client_id,
                client_secret,
                scope,
                audience,
                in_body,
            } => RenderedCredentials::OAuth2 {
                token_url: needed("tokenUrl", token_url)?,
                client_id: needed("clientId", client_id)?,
                client_secret: needed("clientSecret", client_secret)?,
                scope: scope.as_ref().map_or(Ok(None), |scope| optional("scope", scope))?,
                audience: audience
                    .as_ref()
                    .map_or(Ok(None), |audience| optional("audience", audience))?,
                in_body: *in_body,
            },
            Self::MutualTls { certificate, key } => RenderedCredentials::MutualTls {
                certificate: needed("certificate", certificate)?,
                key: needed("key", key)?,
            },
        })
    }
}

impl RenderedCredentials {
    pub(crate) fn resolve(&self, resolver: &mut Resolver<'_>) -> Result<Credentials, Box<RenderError>> {
        let mut text = |key: &str, text: &RenderedText| {
            resolver
                .text(text)
                .map_err(|error| error.inside(key).inside("authentication"))
        };
        Ok(match self {
            Self::OAuth2 {
                token_url,
                client_id,
                client_secret,
                scope,
                audience,
                in_body,
            } => {
                let token_url = text("tokenUrl", token_url)?;
                url_template::check(&token_url).map_err(|detail| {
                    RenderError::new(RenderErrorKind::Refused, "", detail)
                        .inside("tokenUrl")
                        .inside("authentication")
                })?;
                Credentials::ClientCredentials(ClientCredentials {
                    token_url,
                    client_id: text("clientId", client_id)?,
                    client_secret: text("clientSecret", client_secret)?,
                    scope: scope.as_ref().map(|scope| text("scope", scope)).transpose()?,
                    audience: audience
                        .as_ref()
                        .map(|audience| text("audience", audience))
                        .transpose()?,
                    in_body: *in_body,
                })
            }
            Self::MutualTls { certificate, key } => Credentials::ClientCertificate(ClientCertificate {
                certificate: text("certificate", certificate)?,
                key: text("key", key)?,
            }),
        })
    }
}
