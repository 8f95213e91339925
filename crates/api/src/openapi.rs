//! The OpenAPI document, made from the table of routes.
//!
//! Invariant: every route is in it with its right, its parameters, its body, its answers and the errors it can give.

use utoipa::openapi::{
    Components, ComponentsBuilder, Content, Header, Info, OpenApi, OpenApiBuilder, PathsBuilder, RefOr, Required,
    ResponseBuilder,
    path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem},
    request_body::RequestBodyBuilder,
    schema::{
        AllOfBuilder, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Ref, Schema, SchemaFormat, SchemaType,
        Type,
    },
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};
use utoipa::{PartialSchema, ToSchema};

use crate::{
    answer::CommandAnswer,
    error::{PROBLEM_JSON, ProblemDocument},
    extract::MINIMUM_POSITION,
    routes::{Access, Answer, AnswerBody, NamedSchema, Route, table},
};

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas = vec![
        (CommandAnswer::name().into_owned(), CommandAnswer::schema()),
        (ProblemDocument::name().into_owned(), ProblemDocument::schema()),
    ];
    ProblemDocument::schemas(&mut schemas);
    for route in table() {
        collect(&route, &mut schemas);
        // OpenAPI has no word for a rest of several segments.
        let path = route.info.path.replace("{*", "{");
        paths = paths.path(path, PathItem::new(method(&route), operation(&route)));
    }
    OpenApiBuilder::new()
        .info(
            Info::builder()
                .title("WorkflowManagement")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .build(),
        )
        .paths(paths.build())
        .components(Some(components(schemas)))
        .build()
}

const DESCRIPTION: &str = "Commands answer when the read models show their effect; `Prefer: respond-async` skips that wait, \
`min-position` makes a query wait for a position. `If-Match` with the `ETag` of an entity guards against lost updates; \
`If-None-Match` spares sending what is known; `Idempotency-Key` makes a command safe to repeat: \
a repeat gets the status, id, version and position of the first answer, and the entity while it is still of that version. Errors are problem documents (RFC 9457). Enums are read by name or number \
and answered by name.";

fn components(schemas: Vec<(String, RefOr<Schema>)>) -> Components {
    let mut components = ComponentsBuilder::new();
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer
        .description(Some("An access token of a login, or an API key"))
        .build();
    components
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme(
            "apiKey",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key"))),
        )
        .security_scheme(
            "signature",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-WFM-Signature"))),
        )
        .build()
}

fn collect(route: &Route, schemas: &mut Vec<(String, RefOr<Schema>)>) {
    if let Some((body, _)) = &route.body {
        (body.collect)(schemas);
    }
    for answer in &route.answers {
        match &answer.body {
            AnswerBody::Json(schema) | AnswerBody::Recorded(Some(schema)) => (schema.collect)(schemas),
            AnswerBody::Either(schemas_of) | AnswerBody::Page(schemas_of) => {
                schemas_of.iter().for_each(|schema| (schema.collect)(schemas))
            }
            AnswerBody::Nothing | AnswerBody::Recorded(None) | AnswerBody::Media(_) => {}
        }
    }
}

fn method(route: &Route) -> HttpMethod {
    match route.info.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route)))
        .tag(tag(route))
        .summary(Some(route.summary))
        .description(Some(right(route.info.access)));
    for parameter in path_parameters(route.info.path)
        .into_iter()
        .chain(route.parameters.clone())
        .chain(usual_parameters(route))
    {
        operation = operation.parameter(parameter);
    }
    if let Some((schema, required)) = &route.body {
        let required = if *required { Required::True } else { Required::False };
        let content = Content::new(Some(schema.reference()));
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(required))
            .build();
        operation = operation.request_body(Some(body));
    }
    for answer in &route.answers {
        operation = operation.response(answer.status.to_string(), response(answer));
    }
    if route.is_tagged {
        let tag = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        let not_modified = ResponseBuilder::new()
            .description("The entity has a tag that If-None-Match names; there is no body")
            .header("ETag", Header::new(tag));
        operation = operation.response("304", not_modified.build());
    }
    for status in errors(route) {
        let content = Content::new(Some(Ref::from_schema_name(ProblemDocument::name())));
        let problem = ResponseBuilder::new()
            .description(reason(status))
            .content(PROBLEM_JSON, content)
            .build();
        operation = operation.response(status.to_string(), problem);
    }
    if route.info.access == Access::Signed {
        let none: [&str; 0] = [];
        operation = operation.security(SecurityRequirement::new("signature", none));
    } else if route.info.access != Access::Public {
        let none: [&str; 0] = [];
        operation = operation
            .security(SecurityRequirement::new("bearer", none))
            .security(SecurityRequirement::new("apiKey", none));
    }
    operation
}

/// `GET /api/v1/workflows/{id}/steps` becomes `get_workflows_id_steps`.
fn operation_id(route: &Route) -> String {
    let path = route.info.path.trim_start_matches("/api/v1");
    let words = path
        .split(['/', '{', '}', '-', '.', '*'])
        .filter(|word| !word.is_empty());
    let method = route.info.method.as_str().to_ascii_lowercase();
    let index = path.ends_with('/').then_some("index");
    std::iter::once(method.as_str())
        .chain(words)
        .chain(index)
        .collect::<Vec<_>>()
        .join("_")
}

fn tag(route: &Route) -> &'static str {
    let path = route.info.path.trim_start_matches("/api/v1").trim_start_matches('/');
    if route.info.path.starts_with("/api/") {
        path.split('/').next().unwrap_or_default()
    } else {
        "operations"
    }
}

fn right(access: Access) -> String {
    match access {
        Access::Public => "Open to everybody.".to_owned(),
        Access::SignedIn => "Open to everybody who is signed in; shows what the caller may see.".to_owned(),
        Access::Signed => {
            "Open to whoever signs with the secret of the workflow's webhook (`X-WFM-Signature`).".to_owned()
        }
        Access::Global(permission) => {
            format!(
                "Needs the global role {} or above ({}).",
                permission.global().name(),
                permission.description()
            )
        }
        Access::Own(permission) => format!(
            "Open to the owner; others need the global role {} ({}).",
            permission.global().name(),
            permission.description()
        ),
        Access::Workspace(permission) => format!(
            "Needs the role {} or above in the workspace, or the global role {} ({}).",
            permission.in_workspace().unwrap_or_default().name(),
            permission.global().name(),
            permission.description()
        ),
        Access::Endpoint => {
            "A shared endpoint needs the global role ProjectManager or above, a workspace's the role Developer \
                             or above in the workspace."
                .to_owned()
        }
    }
}

fn path_parameters(path: &str) -> Vec<Parameter> {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let named = names.map(|name| {
        let name = name.trim_start_matches('*');
        let whole =
            (name == "id" || name.ends_with("Id")) && !path.contains("/executions/") && !path.contains("/streams/");
        let kind = if whole { Type::Integer } else { Type::String };
        let schema = ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let format = whole.then_some(SchemaFormat::KnownFormat(KnownFormat::Int64));
        parameter(
            name,
            ParameterIn::Path,
            schema.format(format).build(),
            Required::True,
            None,
        )
    });
    named.collect()
}

fn parameter(
    name: &str,
    place: ParameterIn,
    schema: impl Into<RefOr<Schema>>,
    required: Required,
    says: Option<&str>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .schema(Some(schema))
        .required(required)
        .description(says)
        .build()
}

fn usual_parameters(route: &Route) -> Vec<Parameter> {
    let text = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
    let number = || {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .build()
    };
    if !route.info.path.starts_with("/api/v1") || matches!(route.info.access, Access::Public | Access::Signed) {
        return Vec::new();
    }
    if !route.is_command {
        let says = "Position that the read models must have reached.";
        let mut parameters = vec![parameter(
            MINIMUM_POSITION,
            ParameterIn::Query,
            number(),
            Required::False,
            Some(says),
        )];
        if route.is_tagged {
            let says = "Entity tags that the caller has, or `*`: an entity with one of them is answered 304.";
            parameters.push(parameter(
                "If-None-Match",
                ParameterIn::Header,
                text(),
                Required::False,
                Some(says),
            ));
        }
        return parameters;
    }
    let key = "Makes the command safe to repeat: a repeat gets the first answer.";
    let prefer =
        "`respond-async` answers without waiting for the read models; `wait=N`, for a start, when the run has ended.";
    let mut parameters = vec![
        parameter(
            "Idempotency-Key",
            ParameterIn::Header,
            text(),
            Required::False,
            Some(key),
        ),
        parameter("Prefer", ParameterIn::Header, text(), Required::False, Some(prefer)),
    ];
    if route.info.path.contains('{') && !route.info.path.ends_with("/executions") {
        let says =
            "The `ETag` that the entity is believed to have, or a list of such; another one is refused with 412.";
        parameters.push(parameter(
            "If-Match",
            ParameterIn::Header,
            text(),
            Required::False,
            Some(says),
        ));
    }
    parameters
}

fn response(answer: &Answer) -> utoipa::openapi::Response {
    let response = ResponseBuilder::new().description(match answer.status {
        201 => "Created",
        202 => "Accepted",
        204 => "Done",
        503 => "Not ready",
        _ => "OK",
    });
    let json = |schema: RefOr<Schema>| Content::new(Some(schema));
    let recorded = || RefOr::Ref(Ref::from_schema_name(CommandAnswer::name()));
    match &answer.body {
        AnswerBody::Nothing => response.build(),
        AnswerBody::Media(media_types) => media_types
            .iter()
            .fold(response, |response, media| response.content(*media, Content::default()))
            .build(),
        AnswerBody::Json(schema) => response.content("application/json", json(schema.reference())).build(),
        AnswerBody::Either(schemas) => response.content("application/json", json(one_of(schemas))).build(),
        AnswerBody::Recorded(None) => response.content("application/json", json(recorded())).build(),
        AnswerBody::Recorded(Some(schema)) => {
            let both = AllOfBuilder::new()
                .item(recorded())
                .item(optional(schema.reference()))
                .build();
            response
                .content("application/json", json(RefOr::T(Schema::AllOf(both))))
                .build()
        }
        AnswerBody::Page(schemas) => {
            let items = ArrayBuilder::new().items(one_of(schemas)).build();
            let cursor = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .build();
            let page = ObjectBuilder::new().property("items", items).required("items");
            let page = page.property("nextCursor", cursor).required("nextCursor").build();
            response
                .content("application/json", json(RefOr::T(Schema::Object(page))))
                .build()
        }
    }
}

/// Any of these, of which there is one at least.
fn one_of(schemas: &[NamedSchema]) -> RefOr<Schema> {
    if let [only] = schemas {
        return only.reference();
    }
    let either = schemas
        .iter()
        .fold(AnyOfBuilder::new(), |either, schema| either.item(schema.reference()));
    RefOr::T(Schema::AnyOf(either.build()))
}

/// The entity's fields are there while it still has the version that the command led to.
fn optional(entity: RefOr<Schema>) -> Schema {
    let nothing = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object)).build();
    Schema::AnyOf(AnyOfBuilder::new().item(entity).item(nothing).build())
}

fn errors(route: &Route) -> Vec<u16> {
    let mut statuses = vec![];
    let takes_input = route.is_command || !route.parameters.is_empty();
    if takes_input {
        statuses.push(400);
    }
    if route.info.access != Access::Public {
        statuses.push(401);
    }
    if !matches!(route.info.access, Access::Public | Access::SignedIn | Access::Signed) {
        statuses.push(403);
    }
    if route.info.access == Access::Signed {
        // What is addressed is nobody's to learn, and the body is whatever was signed.
        statuses.extend([408, 409, 413, 422, 429]);
    } else if route.info.path.contains('{') {
        statuses.push(404);
    }
    if route.is_command && route.info.access != Access::Signed {
        statuses.extend([408, 409, 413, 415, 422]);
        if route.info.path.contains('{') {
            statuses.push(412);
        }
    }
    statuses.extend_from_slice(route.refusals);
    if route.info.access != Access::Public {
        statuses.push(429);
    }
    statuses.push(503);
    statuses.sort_unstable();
    statuses.dedup();
    statuses.retain(|status| route.answers.iter().all(|answer| answer.status != *status));
    statuses
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be understood",
        401 => "Nobody known asks",
        403 => "The caller may not do this",
        404 => "There is no such thing, or the caller may not know of it",
        408 => "The body did not arrive in time",
        409 => "The state does not allow it, or a name is taken",
        412 => "The entity has another version than If-Match says",
        413 => "The body is too large",
        415 => "The body is not JSON",
        422 => "A rule says no; `errors` names the fields",
        429 => "Too many attempts, requests under way or queued executions; Retry-After says when to try again",
        503 => "The store is not available, or the read models are behind",
        _ => "An error",
    }
}
