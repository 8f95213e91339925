//! The table of routes: method, path, right, handler and documentation of each, declared once in the file of its resource.
//!
//! Invariant: the router, the OpenAPI document and the sweep over rights are made from this table and from nothing else.

pub mod api_endpoints;
pub mod api_keys;
pub mod approvals;
pub mod auth;
pub mod control;
pub mod dry_run;
pub mod environments;
pub mod events;
pub mod executions;
pub mod jobs;
pub mod operations;
pub mod projections;
pub mod projects;
pub mod retention;
pub mod schedules;
pub mod start;
pub mod steps;
pub mod users;
pub mod views;
pub mod webhooks;
pub mod workflows;
pub mod workspaces;

use std::sync::{Arc, LazyLock};

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};
use http::Method;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        RefOr,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{AllOfBuilder, Ref, Schema},
    },
};
use wfm_application::security::permission::Permission;
use wfm_projections::queries::Listed;

use crate::{
    context::Api,
    row_schemas,
    rows::{Shown, keeps_version},
};

/// Who may use a route, and where that is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Public,
    /// Every signed-in caller; the answer holds what the caller may see.
    SignedIn,
    /// Whoever has the right globally; decided before the handler.
    Global(Permission),
    /// Whoever the addressed thing belongs to; others need the right globally.
    Own(Permission),
    /// Whoever has the right in the workspace of the addressed thing; who may not see that workspace gets 404.
    Workspace(Permission),
    /// A shared endpoint: [`Permission::WriteSharedEndpoints`]; a workspace's: [`Permission::EditWorkflows`] in it.
    Endpoint,
    /// Whoever signs the request with the secret of the addressed webhook; all others get the same 401.
    Signed,
}

/// A route.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// HTTP method.
    pub method: Method,
    /// Template, for example `/api/v1/workflows/{id}`.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
}

impl RouteInfo {
    /// The right that the route demands of those it is not open to anyway.
    #[must_use]
    pub fn permission(&self) -> Option<Permission> {
        match self.access {
            Access::Public | Access::SignedIn | Access::Signed => None,
            Access::Global(permission) | Access::Own(permission) | Access::Workspace(permission) => Some(permission),
            Access::Endpoint => Some(Permission::EditWorkflows),
        }
    }

    /// Whether the right is one in the workspace of the addressed thing.
    #[must_use]
    pub fn is_workspace_scoped(&self) -> bool {
        matches!(self.access, Access::Workspace(_) | Access::Endpoint)
    }
}

/// Every route, in the order of the documentation.
#[must_use]
pub fn routes() -> &'static [RouteInfo] {
    static ROUTES: LazyLock<Vec<RouteInfo>> = LazyLock::new(|| table().into_iter().map(|route| route.info).collect());
    &ROUTES
}

/// The table.
pub(crate) fn table() -> Vec<Route> {
    [
        auth::routes(),
        users::routes(),
        api_keys::routes(),
        workspaces::routes(),
        projects::routes(),
        environments::routes(),
        api_endpoints::routes(),
        workflows::routes(),
        dry_run::routes(),
        steps::routes(),
        schedules::routes(),
        start::routes(),
        webhooks::routes(),
        executions::routes(),
        control::routes(),
        approvals::routes(),
        jobs::routes(),
        views::routes(),
        events::routes(),
        projections::routes(),
        retention::routes(),
        operations::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A schema by its name, with the schemas it refers to.
#[derive(Clone)]
pub(crate) struct NamedSchema {
    pub name: String,
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl NamedSchema {
    fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name().into_owned(),
            collect: |schemas| {
                schemas.push((T::name().into_owned(), T::schema()));
                T::schemas(schemas);
            },
        }
    }

    fn row<R: Listed>() -> Self {
        Self {
            name: row_schemas::schema_name::<R>().to_owned(),
            collect: |schemas| schemas.push((row_schemas::schema_name::<R>().to_owned(), row_schemas::schema::<R>())),
        }
    }

    fn entity<R: Shown>() -> Self {
        Self {
            name: row_schemas::entity_schema_name::<R>(),
            collect: |schemas| {
                schemas.push((
                    row_schemas::entity_schema_name::<R>(),
                    row_schemas::entity_schema::<R>(),
                ));
                row_schemas::part_schemas::<R>(schemas);
            },
        }
    }

    /// A reference to it.
    pub fn reference(&self) -> RefOr<Schema> {
        RefOr::Ref(Ref::from_schema_name(&self.name))
    }
}

/// What a successful answer holds.
#[derive(Clone)]
pub(crate) enum AnswerBody {
    /// Nothing.
    Nothing,
    /// JSON of this schema.
    Json(NamedSchema),
    /// A page of one of these.
    Page(Vec<NamedSchema>),
    /// What a command recorded, with this entity's fields.
    Recorded(Option<NamedSchema>),
    /// JSON of one of these schemas.
    Either(Vec<NamedSchema>),
    /// Another type.
    Media(&'static [&'static str]),
}

/// A successful answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: AnswerBody,
}

/// A route with its handler and documentation.
pub(crate) struct Route {
    pub info: RouteInfo,
    pub handler: MethodRouter<Arc<Api>>,
    pub summary: &'static str,
    pub parameters: Vec<Parameter>,
    pub body: Option<(NamedSchema, bool)>,
    pub answers: Vec<Answer>,
    pub is_command: bool,
    /// Whether a reader gets an entity tag, and 304 for one that is known.
    pub is_tagged: bool,
    /// Statuses of errors beyond those that follow from the rest.
    pub refusals: &'static [u16],
}

impl Route {
    fn new<H, T>(method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<Api>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the table names usual methods");
        let is_command = method != Method::GET;
        Self {
            info: RouteInfo { method, path, access },
            handler: on(filter, handler),
            summary: "",
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            is_command,
            is_tagged: false,
            refusals: &[],
        }
    }

    pub fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Takes query parameters.
    pub fn query<Q: IntoParams>(mut self) -> Self {
        self.parameters.extend(Q::into_params(|| Some(ParameterIn::Query)));
        self
    }

    /// Takes headers of its own.
    pub fn headers<H: IntoParams>(mut self) -> Self {
        self.parameters.extend(H::into_params(|| Some(ParameterIn::Header)));
        self
    }

    /// Takes a JSON body.
    pub fn takes<B: ToSchema>(mut self) -> Self {
        self.body = Some((NamedSchema::of::<B>(), true));
        self
    }

    /// Takes a JSON body that may be left out.
    pub fn may_take<B: ToSchema>(mut self) -> Self {
        self.body = Some((NamedSchema::of::<B>(), false));
        self
    }

    /// Also gives these errors.
    pub fn refuses(mut self, statuses: &'static [u16]) -> Self {
        self.refusals = statuses;
        self
    }

    fn answers_with(mut self, status: u16, body: AnswerBody) -> Self {
        self.answers.push(Answer { status, body });
        self
    }

    /// Answers with JSON.
    pub fn answers<A: ToSchema>(self, status: u16) -> Self {
        self.answers_with(status, AnswerBody::Json(NamedSchema::of::<A>()))
    }

    /// Answers with an entity tag; whoever reads and knows it is answered 304.
    pub fn tagged(mut self) -> Self {
        self.is_tagged = !self.is_command;
        self
    }

    /// Answers with an entity.
    pub fn shows<R: Shown>(self) -> Self {
        let tagged = if keeps_version(R::RESOURCE) {
            self.tagged()
        } else {
            self
        };
        tagged.answers_with(200, AnswerBody::Json(NamedSchema::entity::<R>()))
    }

    /// Answers with an entity, or with another form.
    pub fn shows_or<R: Shown, Other: ToSchema>(self) -> Self {
        let either = vec![NamedSchema::entity::<R>(), NamedSchema::of::<Other>()];
        self.tagged().answers_with(200, AnswerBody::Either(either))
    }

    /// Answers with an entity and more, or with another form.
    pub fn shows_more_or<R: Shown, More: ToSchema, Other: ToSchema>(self) -> Self {
        let both = NamedSchema {
            name: More::name().into_owned(),
            collect: |schemas| {
                let entity = NamedSchema::entity::<R>();
                (entity.collect)(schemas);
                let both = AllOfBuilder::new().item(entity.reference()).item(More::schema());
                schemas.push((More::name().into_owned(), RefOr::T(Schema::AllOf(both.build()))));
            },
        };
        let either = vec![both, NamedSchema::of::<Other>()];
        self.tagged().answers_with(200, AnswerBody::Either(either))
    }

    /// Answers with a page of rows, filtered and sorted by the resource's columns.
    pub fn lists<R: Listed>(mut self) -> Self {
        self.parameters.extend(list_parameters::<R>());
        self.answers_with(200, AnswerBody::Page(vec![NamedSchema::row::<R>()]))
    }

    /// The same, or with a page of another form.
    pub fn lists_or<R: Listed, Other: ToSchema>(mut self) -> Self {
        self.parameters.extend(list_parameters::<R>());
        let either = vec![NamedSchema::row::<R>(), NamedSchema::of::<Other>()];
        self.answers_with(200, AnswerBody::Page(either))
    }

    /// Answers with a page of anything else.
    pub fn pages<A: ToSchema>(self) -> Self {
        self.answers_with(200, AnswerBody::Page(vec![NamedSchema::of::<A>()]))
    }

    /// Answers with what was recorded and the entity.
    pub fn records<R: Shown>(self, status: u16) -> Self {
        self.answers_with(status, AnswerBody::Recorded(Some(NamedSchema::entity::<R>())))
    }

    /// Answers with what was recorded.
    pub fn records_only(self, status: u16) -> Self {
        self.answers_with(status, AnswerBody::Recorded(None))
    }

    /// Answers without a body.
    pub fn answers_nothing(self, status: u16) -> Self {
        self.answers_with(status, AnswerBody::Nothing)
    }

    /// Answers with something that is no JSON, or JSON that has no schema here.
    pub fn answers_media(self, media_types: &'static [&'static str]) -> Self {
        self.answers_with(200, AnswerBody::Media(media_types))
    }
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {$(
        pub(crate) fn $name<H, T>(path: &'static str, access: Access, handler: H) -> Route
        where
            H: Handler<T, Arc<Api>>,
            T: 'static,
        {
            Route::new(Method::$method, path, access, handler)
        }
    )*};
}

methods! { get GET post POST put PUT patch PATCH delete DELETE }

fn list_parameters<R: Listed>() -> Vec<Parameter> {
    let filters = row_schemas::filters(R::RESOURCE).into_iter().map(|(name, schema)| {
        let filter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .schema(Some(schema));
        filter.build()
    });
    PageParameters::into_params(|| Some(ParameterIn::Query))
        .into_iter()
        .chain(filters)
        .collect()
}

/// What every list takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "documentation of what pages.rs reads")]
struct PageParameters {
    /// Rows of a page, 1 to 200; 50 when omitted.
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Field to sort by, `-` before it for descending.
    sort: Option<String>,
}
