//! What a published version compiles to: every template, URL and condition, once; also the check that publishing makes.

use std::{ops::Range, sync::Arc, time::Duration};

use serde_json::Value;
use wfm_domain::{
    api_endpoint::{EndpointType, ParameterType as DomainParameterType},
    ids::{ProjectId, StepId, WorkflowId, WorkspaceId},
    refusal::FieldError,
    workflow::{Compensation, Definition, EndpointSnapshot, ErrorHandling, OnError, Step, content_hash},
};
use wfm_expressions::{
    Allowed, Authentication, CompiledRequest, Condition, EndpointDefinition, ParameterDefinition, ParameterType,
    Problem, SoapSettings, Template,
};

use super::target::CallTarget;
use crate::hooks::{callback_settings::CompiledCallback, settings::Webhook};

/// How often and how long a call is tried.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// What one attempt may take.
    pub timeout: Duration,
    /// Attempts in all.
    pub most: u32,
    /// Seconds before the first retry.
    pub retry_delay_seconds: u32,
}

/// The call that undoes a step, ready to run.
pub struct CompiledCompensation {
    /// The call.
    pub request: CompiledRequest,
    /// Whom the call goes to.
    pub target: Arc<CallTarget>,
    /// How often and how long it is tried.
    pub attempts: Attempts,
}

/// One step, ready to run.
pub struct CompiledStep {
    /// `WorkflowSteps.Id`.
    pub id: StepId,
    /// Name.
    pub name: Arc<str>,
    /// The step is skipped when false.
    pub condition: Option<Condition>,
    /// The call.
    pub request: CompiledRequest,
    /// Whom the call goes to.
    pub target: Arc<CallTarget>,
    /// Template of the output; without one the output is the body.
    pub output: Option<Template>,
    /// Decides about success instead of the status.
    pub success_when: Option<Condition>,
    /// Retries, `onError`, `repeatable`.
    pub handling: ErrorHandling,
    /// What undoes the step.
    pub compensation: Option<CompiledCompensation>,
    /// Place of its group, the steps that run at once with it, among the groups.
    pub group: usize,
    /// The group to which `onError: goto` leads.
    pub goto: Option<usize>,
    /// Whether the run goes on when the step fails.
    pub is_optional: bool,
    /// How often and how long the call is tried.
    pub attempts: Attempts,
}

/// A published version, ready to run.
pub struct CompiledWorkflow {
    /// The workflow.
    pub id: WorkflowId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its project.
    pub project: ProjectId,
    /// `Workflows.Version`.
    pub version: u32,
    /// Environment of its runs.
    pub environment: wfm_domain::ids::EnvironmentId,
    /// Steps in order.
    pub steps: Vec<CompiledStep>,
    /// The steps that run at once, group after group.
    pub groups: Vec<Range<usize>>,
    /// Hash over all of the definition.
    pub content_hash: String,
    /// Whether each run needs an approval: `configuration.approvals.execute`.
    pub approves_runs: bool,
    /// How others start runs without a login: `configuration.webhook`.
    pub webhook: Option<Webhook>,
    /// Who is told of the ends of runs: `configuration.callbacks`.
    pub callbacks: Vec<CompiledCallback>,
    /// Retries that a run may make in all; no limit but the steps' own when absent.
    pub retry_budget: Option<u32>,
    /// Template of a run's output; without one it is the last step's.
    pub output: Option<Template>,
}

impl CompiledWorkflow {
    /// Compiles a definition.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place as a JSON pointer into the workflow.
    pub fn compile(
        id: WorkflowId,
        workspace: WorkspaceId,
        project: ProjectId,
        version: u32,
        definition: &Definition,
    ) -> Result<Self, Vec<FieldError>> {
        let mut problems = Vec::new();
        let names: Vec<&str> = definition.steps.iter().map(|step| step.name.as_str()).collect();
        let groups = groups(&definition.steps);
        let mut steps = Vec::with_capacity(names.len());
        for (group, range) in groups.iter().enumerate() {
            for index in range.clone() {
                let step = &definition.steps[index];
                let surroundings = Surroundings {
                    names: &names,
                    groups: &groups,
                    group,
                    endpoints: &definition.endpoints,
                };
                match compile_step(step, index, &surroundings) {
                    Ok(step) => steps.push(step),
                    Err(found) => problems.extend(found.into_iter().map(|problem| FieldError {
                        pointer: format!("/steps/{index}{}", problem.pointer),
                        detail: format!("step \"{}\": {}", step.name, problem.detail),
                    })),
                }
            }
        }
        let retry_budget = retry_budget(definition, &mut problems);
        approves_runs(definition, &mut problems);
        let webhook = Webhook::of(&definition.settings, &mut problems);
        let callbacks = CompiledCallback::all_of(&definition.settings, &mut problems);
        let output = definition
            .settings
            .configuration
            .as_ref()
            .and_then(|configuration| configuration.get("output"));
        let output = output.map(|output| Template::compile(output, &Allowed::workflow_output(names.iter().copied())));
        let output = output.transpose().unwrap_or_else(|found| {
            problems.extend(found.into_iter().map(|problem| FieldError {
                pointer: format!("/configuration/output{}", problem.pointer),
                detail: problem.detail,
            }));
            None
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            id,
            workspace,
            project,
            version,
            environment: definition.settings.environment_id,
            steps,
            groups,
            content_hash: content_hash(definition),
            approves_runs: approves_runs(definition, &mut Vec::new()),
            webhook,
            callbacks,
            retry_budget,
            output,
        })
    }
}

/// Notes the problems of one part under its key and goes on, so that an author sees all of them at once.
fn part<T>(problems: &mut Vec<Problem>, key: &str, compiled: Result<T, Vec<Problem>>) -> Option<T> {
    match compiled {
        Ok(part) => Some(part),
        Err(found) => {
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| Problem::new(format!("{key}{}", problem.pointer), problem.detail)),
            );
            None
        }
    }
}

/// Largest `retryBudget`.
const LARGEST_RETRY_BUDGET: u64 = 10_000;

/// `configuration.retryBudget`.
fn retry_budget(definition: &Definition, problems: &mut Vec<FieldError>) -> Option<u32> {
    let budget = definition.settings.configuration.as_ref()?.get("retryBudget")?;
    if budget.is_null() {
        return None;
    }
    let number = budget.as_u64().filter(|number| *number <= LARGEST_RETRY_BUDGET);
    if number.is_none() {
        problems.push(FieldError {
            pointer: "/configuration/retryBudget".to_owned(),
            detail: format!("must be an integer from 0 to {LARGEST_RETRY_BUDGET}"),
        });
    }
    number.and_then(|number| u32::try_from(number).ok())
}

/// `configuration.approvals.execute`.
fn approves_runs(definition: &Definition, problems: &mut Vec<FieldError>) -> bool {
    let configuration = definition.settings.configuration.as_ref();
    let Some(approvals) = configuration.and_then(|configuration| configuration.get("approvals")) else {
        return false;
    };
    let known = approvals
        .as_object()
        .is_some_and(|members| members.keys().all(|key| key == "execute"));
    let execute = approvals.get("execute").map_or(Some(false), Value::as_bool);
    if !known || execute.is_none() {
        problems.push(FieldError {
            pointer: "/configuration/approvals".to_owned(),
            detail: "must be an object with the boolean execute".to_owned(),
        });
    }
    execute.unwrap_or_default()
}

/// Neighbouring steps of one order.
fn groups(steps: &[Step]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    for group in steps.chunk_by(|one, other| one.order == other.order) {
        groups.push(start..start + group.len());
        start += group.len();
    }
    groups
}

/// What a step is compiled against.
struct Surroundings<'a> {
    names: &'a [&'a str],
    groups: &'a [Range<usize>],
    /// The step's own group.
    group: usize,
    endpoints: &'a [EndpointSnapshot],
}

impl Surroundings<'_> {
    /// Steps that have ended before any of the group begins.
    fn earlier(&self) -> impl Iterator<Item = &str> {
        self.names[..self.groups[self.group].start].iter().copied()
    }

    fn later(&self) -> impl Iterator<Item = &str> {
        self.names[self.groups[self.group].start..].iter().copied()
    }

    fn endpoint(&self, id: wfm_domain::ids::ApiEndpointId) -> Result<&EndpointSnapshot, Vec<Problem>> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.id == id)
            .ok_or_else(|| vec![Problem::new("/apiEndpointId", format!("endpoint {id} does not exist"))])
    }
}

fn compile_compensation(
    compensation: &Compensation,
    step: &Step,
    surroundings: &Surroundings<'_>,
) -> Result<CompiledCompensation, Vec<Problem>> {
    let snapshot = surroundings.endpoint(compensation.api_endpoint_id)?;
    let endpoint = endpoint_definition(snapshot)?;
    let known = surroundings.earlier().chain([step.name.as_str()]);
    let later = surroundings.later().filter(|name| *name != step.name);
    let allowed = Allowed::request(known).with_later_steps(later);
    let request = CompiledRequest::compile(&endpoint, compensation.input_mapping.as_ref(), &allowed)?;
    let timeout = compensation.timeout_seconds.unwrap_or(step.timeout_seconds);
    let retries = compensation.retry_count.or(step.retry_count).unwrap_or(0);
    Ok(CompiledCompensation {
        request,
        target: Arc::new(CallTarget::of(snapshot)),
        attempts: Attempts {
            timeout: Duration::from_secs(u64::from(timeout)),
            most: retries + 1,
            retry_delay_seconds: compensation.retry_delay_seconds.unwrap_or(step.retry_delay_seconds),
        },
    })
}

fn compile_step(step: &Step, index: usize, surroundings: &Surroundings<'_>) -> Result<CompiledStep, Vec<Problem>> {
    let earlier = || surroundings.earlier();
    let later = || surroundings.later();
    let mut problems = Vec::new();
    let condition = step
        .condition
        .as_deref()
        .filter(|text| !text.trim().is_empty())
        .and_then(|text| {
            let allowed = Allowed::condition(earlier()).with_later_steps(later());
            part(&mut problems, "/condition", Condition::compile(text, &allowed))
        });
    let request = surroundings.endpoint(step.api_endpoint_id).and_then(|snapshot| {
        let endpoint = endpoint_definition(snapshot)?;
        let allowed = Allowed::request(earlier()).with_later_steps(later());
        let request = CompiledRequest::compile(&endpoint, step.input_mapping.as_ref(), &allowed)?;
        Ok((request, Arc::new(CallTarget::of(snapshot))))
    });
    let request = part(&mut problems, "", request);
    let output = step.output_mapping.as_ref().and_then(|mapping| {
        let allowed = Allowed::output_mapping(earlier()).with_later_steps(later());
        part(&mut problems, "/outputMapping", Template::compile(mapping, &allowed))
    });
    let handling = ErrorHandling::of_step(step.error_handling.as_ref(), step.is_optional).unwrap_or_else(|errors| {
        problems.extend(
            errors
                .into_iter()
                .map(|error| Problem::new(error.pointer, error.detail)),
        );
        ErrorHandling::default()
    });
    let success_when = handling.success_when.as_deref().and_then(|text| {
        let allowed = Allowed::success_when(earlier()).with_later_steps(later());
        part(
            &mut problems,
            "/errorHandling/successWhen",
            Condition::compile(text, &allowed),
        )
    });
    let goto = handling.on_error.as_ref().and_then(|on_error| {
        let OnError::Goto(target) = on_error else { return None };
        let found = surroundings
            .names
            .iter()
            .position(|name| name == target)
            .filter(|found| *found > index)
            .and_then(|found| surroundings.groups.iter().position(|group| group.contains(&found)))
            .filter(|group| *group > surroundings.group);
        if found.is_none() {
            problems.push(Problem::new(
                "/errorHandling/goto",
                format!("\"{target}\" is not a later step"),
            ));
        }
        found
    });
    let compensation = handling.compensation.as_ref().and_then(|compensation| {
        part(
            &mut problems,
            "/errorHandling/compensation",
            compile_compensation(compensation, step, surroundings),
        )
    });
    match request {
        Some((request, target)) if problems.is_empty() => Ok(CompiledStep {
            id: step.id,
            name: step.name.as_str().into(),
            condition,
            request,
            target,
            output,
            success_when,
            is_optional: step.is_optional || handling.on_error == Some(OnError::Continue),
            handling,
            compensation,
            group: surroundings.group,
            goto,
            attempts: Attempts {
                timeout: Duration::from_secs(u64::from(step.timeout_seconds)),
                most: step.retry_count.unwrap_or(0) + 1,
                retry_delay_seconds: step.retry_delay_seconds,
            },
        }),
        Some(_) | None => Err(problems),
    }
}

/// An endpoint as the expressions see it.
///
/// # Errors
/// What is wrong with its authentication or its SOAP settings; pointers lead into the endpoint.
pub(crate) fn endpoint_definition(endpoint: &EndpointSnapshot) -> Result<EndpointDefinition, Vec<Problem>> {
    let settings = &endpoint.settings;
    let place = |problem: Problem| {
        let pointer = match problem.pointer.as_str() {
            "" => "/authenticationMethod".to_owned(),
            setting => format!("/authentication{setting}"),
        };
        Problem::new(pointer, problem.detail)
    };
    let authentication = Authentication::parse(
        settings.authentication_method.as_deref(),
        settings.authentication.as_ref(),
    )
    .map_err(|problems| problems.into_iter().map(place).collect::<Vec<_>>())?;
    let headers = settings.headers.iter().flatten().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), text)
    });
    let headers: Vec<(String, String)> = headers.collect();
    let soap = match settings.endpoint_type {
        EndpointType::Rest => None,
        EndpointType::Soap => Some(SoapSettings::parse(settings.soap.as_ref(), &headers)?),
    };
    Ok(EndpointDefinition {
        method: settings.method.clone(),
        url: settings.url.clone(),
        headers,
        authentication,
        soap,
        parameters: endpoint
            .parameters
            .iter()
            .map(|parameter| ParameterDefinition {
                name: parameter.name.clone(),
                parameter_type: parameter_type(parameter.parameter_type),
                is_required: parameter.is_required,
                default_value: parameter.default_value.clone(),
                validation_rules: parameter.validation_rules.clone(),
            })
            .collect(),
    })
}

fn parameter_type(parameter_type: DomainParameterType) -> ParameterType {
    match parameter_type {
        DomainParameterType::String => ParameterType::String,
        DomainParameterType::Integer => ParameterType::Integer,
        DomainParameterType::Boolean => ParameterType::Boolean,
        DomainParameterType::Decimal => ParameterType::Decimal,
        DomainParameterType::DateTime => ParameterType::DateTime,
        DomainParameterType::Object => ParameterType::Object,
        DomainParameterType::Array => ParameterType::Array,
    }
}

/// The JSON null that stands for what is not there.
pub(crate) static NULL: Value = Value::Null;
