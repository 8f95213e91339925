//! The dry run: a draft or a published version played through with mocked answers.
//!
//! Invariant: nothing is recorded and nobody is called; secrets take no part, their placeholders stand for them. What the
//! answer shows is read from the events that a real run would have recorded.

mod input;
mod report;
mod shown_request;

pub use input::DryRunInput;
pub use report::DryRun;

use std::sync::Arc;

use tokio::sync::Semaphore;
use wfm_domain::{
    aggregate::Decide,
    ids::WorkflowId,
    refusal::{FieldError, Refusal},
    workflow::{Definition, Workflow, WorkflowEvent},
};

use self::input::WantedVersion;
use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    executions::{
        definition::CompiledWorkflow,
        rehearsal::{Script, rehearse},
        starting::{StartInput, check_input},
    },
    security::permission::Permission,
    store::Loaded,
};

/// Dry runs that are played through at once; others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

impl App {
    /// Plays the draft or a version through with mocked answers; records nothing and calls nobody.
    ///
    /// # Errors
    /// When the caller may not, there is no such workflow or version, or the input is malformed. What is wrong with the
    /// workflow itself is part of the answer.
    pub async fn dry_run(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &DryRunInput,
    ) -> Result<DryRun, ApplicationError> {
        let workflow = self.store.load::<Workflow>(id.stream()).await?;
        self.demand_on(context, Permission::EditWorkflows, &workflow)?;
        if workflow.aggregate.is_deleted {
            return Err(ApplicationError::not_found("workflow", id));
        }
        let start = StartInput {
            input: input.parameters(),
            execution_context: input.execution_context.clone(),
            key: None,
        };
        check_input(&start)?;
        let found = match input.wanted_version()? {
            WantedVersion::Draft => self.draft_as_published(context, &workflow).await?,
            WantedVersion::Number(version) => Ok(self.version_as_published(&workflow, version).await?),
        };
        let (version, definition) = match found {
            Ok(found) => found,
            Err(problems) => return Ok(DryRun::of_problems(problems)),
        };
        let script_parts = input.script_parts(&definition)?;
        let Workflow {
            workspace_id,
            project_id,
            ..
        } = workflow.aggregate;
        let compiled = match CompiledWorkflow::compile(id, workspace_id, project_id, version, &definition) {
            Ok(compiled) => Arc::new(compiled),
            Err(problems) => return Ok(DryRun::of_problems(problems)),
        };
        let environment = self.definitions.environment(compiled.environment).await?;
        let script = Script {
            workflow: compiled,
            environment: environment.without_secrets(),
            input: start.input,
            execution_context: start.execution_context,
            mocks: script_parts.mocks,
            undo_mocks: script_parts.undo_mocks,
            signals: script_parts.signals,
            now: self.store.now(),
        };
        let mocked = (names(&script.mocks), names(&script.undo_mocks));
        let _turn = AT_ONCE.acquire().await.map_err(ApplicationError::internal)?;
        let rehearsed = tokio::task::spawn_blocking(move || rehearse(script))
            .await
            .map_err(ApplicationError::internal)??;
        Ok(DryRun::of(&definition, &rehearsed, &mocked.0, &mocked.1))
    }

    /// The draft as publishing it now would put it in force, whether or not that needs an approval; or what is wrong with it.
    async fn draft_as_published(
        &self,
        context: &Context,
        workflow: &Loaded<Workflow>,
    ) -> Result<Result<(u32, Definition), Vec<FieldError>>, ApplicationError> {
        let mut draft = workflow.aggregate.clone();
        if let Some(settings) = &mut draft.settings {
            settings.requires_approval = false;
        }
        // Dropped without a commit: it holds no more than what it would guard.
        let mut unit = self.store.unit(context);
        let publication = self.publication(context, &draft, &mut unit).await?;
        let published = match draft.decide(publication.into()) {
            Ok(events) => events.into_iter().find_map(|event| match event {
                WorkflowEvent::WorkflowPublished(published) => Some((published.version, published.definition)),
                _ => None,
            }),
            Err(refusal) => return Ok(Err(problems_of(refusal))),
        };
        let in_force = || {
            let in_force = workflow.aggregate.in_force.as_ref();
            in_force.map(|in_force| (in_force.version, in_force.definition.clone()))
        };
        // The draft is what is in force already.
        published
            .or_else(in_force)
            .map(Ok)
            .ok_or_else(|| ApplicationError::Internal("publishing yields a version".to_owned()))
    }

    async fn version_as_published(
        &self,
        workflow: &Loaded<Workflow>,
        version: u32,
    ) -> Result<(u32, Definition), ApplicationError> {
        let published = self.published_version(&workflow.stream, version).await?;
        let published =
            published.ok_or_else(|| ApplicationError::NotFound(format!("version {version} of {}", workflow.stream)))?;
        Ok((published.version, published.definition))
    }
}

fn names<T>(mocks: &std::collections::BTreeMap<String, T>) -> Vec<String> {
    mocks.keys().cloned().collect()
}

fn problems_of(refusal: Refusal) -> Vec<FieldError> {
    if refusal.errors.is_empty() {
        return vec![FieldError {
            pointer: String::new(),
            detail: refusal.detail,
        }];
    }
    refusal.errors
}
