//! Schemas of request bodies whose types belong to the domain, which knows no OpenAPI.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type},
    },
};

/// A step as it is written and shown.
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
    #[schema(value_type = Option<Object>)]
    input_mapping: Option<serde_json::Value>,
    /// Template of the step's output.
    #[schema(value_type = Option<Object>)]
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
    r#type: Option<String>,
    /// Whether a call without a value fails.
    is_required: Option<bool>,
    /// Text, or the JSON of another value, at most 500 characters.
    #[schema(value_type = Option<Object>)]
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
    fn name() -> std::borrow::Cow<'static, str> {
        "VariableInput".into()
    }
}
