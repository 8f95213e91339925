//! The kinds of resources that definitions describe, and the members that each has.
//!
//! Invariant: members have the names, meanings and defaults of the API's; ids are replaced by names, and values of
//! variables are absent.

use crate::shape::{Field, Shape, Text};

/// What `apiVersion` says: the form of the files.
pub const API_VERSION: &str = "wfm/v1";

/// A kind of resource, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A workspace.
    Workspace,
    /// A project of a workspace.
    Project,
    /// An endpoint of a workspace, or one that all share.
    ApiEndpoint,
    /// An environment of a project, without the values of its variables.
    Environment,
    /// A workflow of a project: its draft.
    Workflow,
    /// The schedule of a workflow.
    Schedule,
}

/// Which names a resource is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its own.
    Top,
    /// That of a workspace, if it has one, and its own.
    WorkspaceOrShared,
    /// That of a workspace and its own.
    Workspace,
    /// Those of a workspace and a project, and its own.
    Project,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Workspace,
        Self::Project,
        Self::ApiEndpoint,
        Self::Environment,
        Self::Workflow,
        Self::Schedule,
    ];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Workspace => "Workspace",
            Self::Project => "Project",
            Self::ApiEndpoint => "ApiEndpoint",
            Self::Environment => "Environment",
            Self::Workflow => "Workflow",
            Self::Schedule => "Schedule",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Which names it is known by.
    #[must_use]
    pub fn place(self) -> Place {
        match self {
            Self::Workspace => Place::Top,
            Self::Project => Place::Workspace,
            Self::ApiEndpoint => Place::WorkspaceOrShared,
            Self::Environment | Self::Workflow | Self::Schedule => Place::Project,
        }
    }

    /// The key of its own name: a schedule is known by its workflow.
    #[must_use]
    pub fn name_key(self) -> &'static str {
        match self {
            Self::Workspace | Self::Project | Self::ApiEndpoint | Self::Environment | Self::Workflow => "name",
            Self::Schedule => "workflow",
        }
    }

    /// Its members besides the names.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Workspace | Self::Project => FOLDER,
            Self::ApiEndpoint => API_ENDPOINT,
            Self::Environment => ENVIRONMENT,
            Self::Workflow => WORKFLOW,
            Self::Schedule => SCHEDULE,
        }
    }
}

const DESCRIPTION: Field = Field::may("description", Shape::Text(Text::Block), "For people");
const IS_ACTIVE: Field = Field::may("isActive", Shape::Boolean, "Whether it is in use").or("true");
const ANY_TEXT: Shape = Shape::Text(Text::Block);

const FOLDER: &[Field] = &[DESCRIPTION, IS_ACTIVE];

const API_ENDPOINT: &[Field] = &[
    DESCRIPTION,
    Field::may("type", Shape::Word(&["REST", "SOAP"]), "The protocol").or("\"REST\""),
    Field::must("method", Shape::Text(Text::Capitals), "HTTP method"),
    Field::must(
        "url",
        Shape::Text(Text::Trimmed),
        "Template; {env.NAME} stands for a variable of the environment",
    ),
    Field::may(
        "headers",
        Shape::Named(&ANY_TEXT),
        "Header templates by name; credentials as {env.NAME}",
    ),
    Field::may(
        "authenticationMethod",
        Shape::Word(&wfm_domain::api_endpoint::AUTHENTICATION_METHODS),
        "How calls authenticate",
    )
    .or("\"None\""),
    Field::may(
        "authentication",
        Shape::Object,
        "Settings of the method; the secret ones are {env.NAME} placeholders",
    ),
    Field::may("soap", Shape::Object, "How SOAP calls are wrapped; see docs/soap.md"),
    Field::may(
        "limits",
        Shape::Record(LIMITS),
        "What calls may take together; see docs/connectors.md",
    ),
    Field::may(
        "followRedirects",
        Shape::Integer(0, 5),
        "How many redirects a call follows",
    ),
    Field::may("documentation", Shape::Text(Text::Block), "Free text"),
    IS_ACTIVE,
    Field::may(
        "parameters",
        Shape::List(&Shape::Record(PARAMETER)),
        "What a call takes",
    )
    .or("[]"),
];

const LIMITS: &[Field] = &[
    Field::may(
        "requestsPerSecond",
        Shape::Any,
        "Calls that begin in a second, in the long run",
    ),
    Field::may("burst", Shape::Any, "Calls that may begin at once after a pause"),
    Field::may("maxConcurrent", Shape::Any, "Calls under way at once"),
    Field::may("circuitBreaker", Shape::Object, "failures, openSeconds"),
];

const PARAMETER: &[Field] = &[
    Field::must("name", Shape::Text(Text::Name(100)), "Unique in the endpoint"),
    DESCRIPTION,
    Field::may(
        "type",
        Shape::Word(&["String", "Integer", "Boolean", "Decimal", "DateTime", "Object", "Array"]),
        "Type of its value",
    )
    .or("\"String\""),
    Field::may("isRequired", Shape::Boolean, "Whether a call without a value fails").or("false"),
    Field::may("defaultValue", Shape::Any, "A text, or the JSON of another value"),
    Field::may("validationRules", Shape::Record(RULES), "What values must be like"),
];

const RULES: &[Field] = &[
    Field::may(
        "in",
        Shape::Word(&["path", "query", "header", "body"]),
        "Where the value goes",
    ),
    Field::may(
        "pattern",
        Shape::Text(Text::Block),
        "A regular expression for all of it",
    ),
    Field::may("minLength", Shape::Integer(0, i64::MAX), "Characters at least"),
    Field::may("maxLength", Shape::Integer(0, i64::MAX), "Characters at most"),
    Field::may("minimum", Shape::Any, "The least number"),
    Field::may("maximum", Shape::Any, "The greatest number"),
    Field::may("enum", Shape::List(&Shape::Any), "The values that it may have"),
];

const ENVIRONMENT: &[Field] = &[
    DESCRIPTION,
    Field::may("configuration", Shape::Record(CONFIGURATION), "Settings of its runs").or("{}"),
    IS_ACTIVE,
    Field::may(
        "variables",
        Shape::Named(&Shape::Record(VARIABLE)),
        "Names of the variables; their values are set through the API and never stand here",
    )
    .or("{}"),
];

const CONFIGURATION: &[Field] = &[
    Field::may("timeout", Shape::Integer(1, 31_536_000), "Seconds that a run may take").or("120"),
    Field::may("retries", Shape::Integer(0, 100), "Retries of steps that name none").or("3"),
    Field::may("enableLogging", Shape::Boolean, "Whether steps are logged").or("true"),
    Field::may("enableMetrics", Shape::Boolean, "Whether runs are counted").or("true"),
    Field::may(
        "maxConcurrentExecutions",
        Shape::Integer(1, 100_000),
        "Runs at once; further ones wait",
    )
    .or("5"),
];

const VARIABLE: &[Field] = &[Field::must(
    "secret",
    Shape::Boolean,
    "Whether nobody may read its value",
)];

const WORKFLOW: &[Field] = &[
    DESCRIPTION,
    Field::must(
        "environment",
        Shape::Text(Text::Name(200)),
        "Name of the project's environment in which runs take place",
    ),
    Field::may(
        "requiresApproval",
        Shape::Boolean,
        "Whether publishing needs an approval by another person",
    )
    .or("false"),
    Field::may("tags", Shape::Tags, "Texts to find it by"),
    Field::may(
        "configuration",
        Shape::Object,
        "output, retryBudget, approvals; see docs/workflows.md",
    ),
    Field::may("steps", Shape::List(&Shape::Record(STEP)), "What it does").or("[]"),
];

const ENDPOINT: Field = Field::may(
    "endpoint",
    Shape::Text(Text::Name(200)),
    "Name of an endpoint of the workspace",
);
const SHARED_ENDPOINT: Field = Field::may(
    "sharedEndpoint",
    Shape::Text(Text::Name(200)),
    "Name of a shared endpoint, instead of endpoint",
);

pub(crate) const STEP: &[Field] = &[
    Field::must("name", Shape::Text(Text::Name(200)), "Unique in the workflow"),
    DESCRIPTION,
    Field::may(
        "order",
        Shape::Integer(-2_147_483_648, 2_147_483_647),
        "Steps of the same order run at once; after the one before when omitted",
    ),
    ENDPOINT,
    SHARED_ENDPOINT,
    Field::may("inputMapping", Shape::Object, "Template of the call's parameters"),
    Field::may("outputMapping", Shape::Any, "Template of the step's output"),
    Field::may(
        "errorHandling",
        Shape::Record(ERROR_HANDLING),
        "What a failure leads to; see docs/workflows.md",
    ),
    Field::may("isOptional", Shape::Boolean, "Whether the run goes on when it fails").or("false"),
    Field::may(
        "timeoutSeconds",
        Shape::Integer(1, 86_400),
        "Seconds an attempt may take",
    )
    .or("30"),
    Field::may(
        "retryCount",
        Shape::Integer(0, 100),
        "Attempts after the first; the environment's retries when omitted",
    ),
    Field::may(
        "retryDelaySeconds",
        Shape::Integer(0, 86_400),
        "Seconds before the first retry",
    )
    .or("1"),
    Field::may("condition", Shape::Text(Text::Trimmed), "CEL; skipped when false"),
];

const ERROR_HANDLING: &[Field] = &[
    Field::may("retry", Shape::Record(RETRY), "What is tried again, and when"),
    Field::may(
        "onError",
        Shape::Word(&["fail", "continue", "goto"]),
        "What a failure leads to",
    ),
    Field::may("goto", Shape::Text(Text::Block), "A later step"),
    Field::may("repeatable", Shape::Boolean, "Whether the target knows repeated calls"),
    Field::may("successWhen", Shape::Text(Text::Block), "CEL over the response"),
    Field::may(
        "compensation",
        Shape::Record(COMPENSATION),
        "The call that undoes the step",
    ),
    Field::may(
        "waitForSignal",
        Shape::Record(SIGNAL),
        "The signal that the step waits for",
    ),
];

const RETRY: &[Field] = &[
    Field::may(
        "retryOn",
        Shape::List(&Shape::Any),
        "connect, timeout, 4xx, 5xx or a status",
    ),
    Field::may("neverRetryOn", Shape::List(&Shape::Any), "Exceptions from retryOn"),
    Field::may("backoffRate", Shape::Any, "Factor from one wait to the next"),
    Field::may("maxDelaySeconds", Shape::Any, "No wait is longer"),
    Field::may("jitter", Shape::Word(&["full", "none"]), "How waits vary"),
];

const COMPENSATION: &[Field] = &[
    ENDPOINT,
    SHARED_ENDPOINT,
    Field::may("inputMapping", Shape::Object, "Template of the call's parameters"),
    Field::may(
        "timeoutSeconds",
        Shape::Integer(1, 86_400),
        "Seconds an attempt may take",
    ),
    Field::may("retryCount", Shape::Integer(0, 100), "Attempts after the first"),
    Field::may(
        "retryDelaySeconds",
        Shape::Integer(0, 86_400),
        "Seconds before the first retry",
    ),
];

const SIGNAL: &[Field] = &[
    Field::must("name", Shape::Text(Text::Block), "Name of the signal"),
    Field::may("timeoutSeconds", Shape::Any, "Seconds after which the step fails"),
];

const SCHEDULE: &[Field] = &[
    DESCRIPTION,
    Field::must(
        "cronExpression",
        Shape::Text(Text::Cron),
        "Five fields, or six with seconds first; POSIX meaning",
    ),
    Field::may("timeZone", Shape::Text(Text::Trimmed), "IANA zone").or("\"UTC\""),
    Field::may("startDate", Shape::Text(Text::Instant), "No tick before"),
    Field::may("endDate", Shape::Text(Text::Instant), "No tick after"),
    Field::may("isActive", Shape::Boolean, "Whether its ticks start runs").or("true"),
    Field::may("inputParameters", Shape::Object, "Input of the runs").or("{}"),
    Field::may("catchUp", Shape::Record(CATCH_UP), "Which missed ticks are made up for").or("{}"),
    Field::may(
        "overlap",
        Shape::Word(&["Skip", "BufferOne", "AllowAll", "CancelOther"]),
        "What becomes of a tick while a run is open",
    )
    .or("\"Skip\""),
    Field::may("jitterSeconds", Shape::Integer(0, 3600), "Longest delay after a tick").or("0"),
];

const CATCH_UP: &[Field] = &[
    Field::may("policy", Shape::Word(&["none", "last", "all"]), "Which ones").or("\"last\""),
    Field::may("windowSeconds", Shape::Integer(0, 31_622_400), "None that is older").or("3600"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wfm_domain::environment::EnvironmentConfiguration;

    use super::*;

    #[test]
    fn every_default_is_json() {
        fn read(shape: Shape) {
            match shape {
                Shape::Record(fields) => {
                    for field in fields {
                        let _ = field.default_value();
                        read(field.shape);
                    }
                }
                Shape::Named(shape) | Shape::List(shape) => read(*shape),
                Shape::Text(_)
                | Shape::Integer(..)
                | Shape::Boolean
                | Shape::Word(_)
                | Shape::Any
                | Shape::Object
                | Shape::Tags => {}
            }
        }
        for kind in Kind::ALL {
            read(Shape::Record(kind.fields()));
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
    }

    #[test]
    fn an_environments_defaults_are_the_domains() {
        let domain = EnvironmentConfiguration::default();
        let defaults = |name: &str| {
            let field = CONFIGURATION.iter().find(|field| field.name == name).unwrap();
            field.default_value()
        };
        assert_eq!(defaults("timeout"), json!(domain.timeout));
        assert_eq!(defaults("retries"), json!(domain.retries));
        assert_eq!(defaults("enableLogging"), json!(domain.enable_logging));
        assert_eq!(defaults("enableMetrics"), json!(domain.enable_metrics));
        assert_eq!(
            defaults("maxConcurrentExecutions"),
            json!(domain.max_concurrent_executions)
        );
    }
}
