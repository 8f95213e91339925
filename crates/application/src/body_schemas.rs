//! Schemas of parts of bodies whose types belong to the domain, which knows no OpenAPI.

use std::{borrow::Cow, marker::PhantomData};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type},
    },
};
use wfm_domain::{
    api_endpoint::{EndpointType, ParameterType},
    choice::Documented,
    role::Role,
    schedule::{CatchUpPolicy, Overlap},
};

/// A documented enum as it is written: by name or by number.
pub struct ChoiceBody<T>(PhantomData<T>);

/// A role.
pub type RoleChoice = ChoiceBody<Role>;
/// A kind of endpoint.
pub type EndpointTypeChoice = ChoiceBody<EndpointType>;
/// Type of a parameter.
pub type ParameterTypeChoice = ChoiceBody<ParameterType>;
/// What becomes of a tick while a run is open.
pub type OverlapChoice = ChoiceBody<Overlap>;
/// What becomes of missed ticks.
pub type CatchUpPolicyChoice = ChoiceBody<CatchUpPolicy>;

impl<T: Documented> PartialSchema for ChoiceBody<T> {
    fn schema() -> RefOr<Schema> {
        let names = T::NAMES.iter().map(|(_, name)| *name);
        let name = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(names));
        let last = u32::try_from(T::NAMES.len() - 1).ok();
        let number = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(0_u32))
            .maximum(last);
        let either = OneOfBuilder::new().item(name.build()).item(number.build());
        RefOr::T(Schema::OneOf(
            either.description(Some("By name, or by its documented number")).build(),
        ))
    }
}

impl<T: Documented> ToSchema for ChoiceBody<T> {
    fn name() -> Cow<'static, str> {
        let name = std::any::type_name::<T>();
        name.rsplit("::").next().unwrap_or(name).into()
    }
}

/// A step as it is written.
#[derive(ToSchema)]
#[schema(as = WorkflowStepInput, rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of a type of the domain")]
pub struct StepBody {
    /// Id of a present step that this one replaces.
    id: Option<i64>,
    /// Unique in the workflow, at most 200 characters.
    name: String,
    /// At most 1000 characters.
    description: Option<String>,
    /// Place in the workflow; after the steps before it when omitted.
    order: Option<i64>,
    /// What it calls.
    api_endpoint_id: i64,
    /// Template of the call's parameters.
    #[schema(value_type = Value, required = false)]
    input_mapping: Option<serde_json::Value>,
    /// Template of the step's output.
    #[schema(value_type = Value, required = false)]
    output_mapping: Option<serde_json::Value>,
    /// Refinements of error handling.
    #[schema(value_type = Option<Object>)]
    error_handling: Option<serde_json::Value>,
    /// Whether the run goes on when the step fails; false when omitted.
    is_optional: Option<bool>,
    /// Seconds one attempt may take, 1 to 86,400; 30 when omitted.
    timeout_seconds: Option<i64>,
    /// Attempts after the first, 0 to 100; the environment's `retries` when omitted.
    retry_count: Option<i64>,
    /// Seconds before the first retry, 0 to 86,400; 1 when omitted.
    retry_delay_seconds: Option<i64>,
    /// CEL; the step is skipped when false.
    condition: Option<String>,
}

/// A step as the log tells it.
#[derive(ToSchema)]
#[schema(as = WorkflowStepContent, rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of a type of the domain")]
pub struct StepShown {
    /// Its workflow.
    workflow_id: i64,
    /// Key.
    id: i64,
    /// Name.
    name: String,
    /// Description.
    #[schema(required)]
    description: Option<String>,
    /// Place in the workflow.
    order: i64,
    /// What it calls.
    api_endpoint_id: i64,
    /// Template of the call's parameters.
    #[schema(value_type = Value, required)]
    input_mapping: Option<serde_json::Value>,
    /// Template of the step's output.
    #[schema(value_type = Value, required)]
    output_mapping: Option<serde_json::Value>,
    /// Refinements of error handling.
    #[schema(value_type = Option<Object>, required)]
    error_handling: Option<serde_json::Value>,
    /// Whether the run goes on when the step fails.
    is_optional: bool,
    /// Seconds one attempt may take.
    timeout_seconds: i64,
    /// Attempts after the first; null in a draft that leaves them to the environment's `retries`.
    #[schema(required)]
    retry_count: Option<i64>,
    /// Seconds before the first retry.
    retry_delay_seconds: i64,
    /// CEL; the step is skipped when false.
    #[schema(required)]
    condition: Option<String>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime, required)]
    updated_at: Option<String>,
}

/// A parameter as it is written.
#[derive(ToSchema)]
#[schema(as = ApiParameterInput, rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of a type of the domain")]
pub struct ParameterBody {
    /// Unique in the endpoint, at most 100 characters.
    name: String,
    /// At most 500 characters.
    description: Option<String>,
    /// `String`, `Integer`, `Boolean`, `Decimal`, `DateTime`, `Object` or `Array`, by name or number.
    #[schema(value_type = Option<ParameterTypeChoice>)]
    r#type: Option<String>,
    /// Whether a call without a value fails.
    is_required: Option<bool>,
    /// Text, or the JSON of another value, at most 500 characters.
    #[schema(value_type = Value, required = false)]
    default_value: Option<serde_json::Value>,
    /// `in`, `pattern`, `minLength`, `maxLength`, `minimum`, `maximum`, `enum`.
    #[schema(value_type = Option<Object>)]
    validation_rules: Option<serde_json::Value>,
}

/// A variable as it is written: a text is a secret.
pub struct VariableBody;

impl PartialSchema for VariableBody {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        let flag = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Boolean))
            .build();
        let readable = ObjectBuilder::new()
            .property("value", text())
            .required("value")
            .property("secret", flag)
            .build();
        let either = OneOfBuilder::new().item(text()).item(readable);
        RefOr::T(Schema::OneOf(
            either
                .description(Some("A text is a secret; an object says so itself"))
                .build(),
        ))
    }
}

impl ToSchema for VariableBody {
    fn name() -> Cow<'static, str> {
        "VariableInput".into()
    }
}
