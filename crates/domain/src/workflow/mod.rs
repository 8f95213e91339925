//! The workflow aggregate: a draft that is edited, and the version in force that runs follow.
//!
//! Invariants: changes touch the draft alone; a published version embeds everything a run reads; step names are
//! unique in the draft; steps of one order run at once; every publish that changes what is in force, and every reactivation, adds 1 to the version.

mod change;
mod compensation;
mod create;
mod deactivate;
mod definition;
mod delete;
mod discard_draft;
mod edit_steps;
mod error_handling;
mod event;
#[cfg(test)]
mod fixtures;
mod publish;
mod settings;
mod signal_wait;
mod state;
mod step;
mod steps;

pub use change::ChangeWorkflow;
pub use compensation::Compensation;
pub use create::CreateWorkflow;
pub use deactivate::DeactivateWorkflow;
pub use definition::content_hash;
pub use delete::DeleteWorkflow;
pub use discard_draft::DiscardDraft;
pub use edit_steps::{AddStep, ChangeStep, RemoveStep, ReorderSteps};
pub use error_handling::{ErrorHandling, Jitter, OnError, RetryOn, RetryPolicy};
pub use event::*;
pub use publish::PublishWorkflow;
pub use signal_wait::{SignalWait, is_signal_name};
pub use state::{InForce, Workflow, WorkflowStatus};
pub use step::StepInput;

crate::commands! {
    /// What may be asked of a workflow.
    WorkflowCommand for Workflow => WorkflowEvent {
        /// Create a draft.
        CreateWorkflow,
        /// Change settings, or all steps.
        ChangeWorkflow,
        /// Add a step.
        AddStep,
        /// Change a step.
        ChangeStep,
        /// Remove a step.
        RemoveStep,
        /// Put the steps in another order.
        ReorderSteps,
        /// Put the draft in force.
        PublishWorkflow,
        /// Drop the draft's changes.
        DiscardDraft,
        /// Refuse new runs.
        DeactivateWorkflow,
        /// Delete (softly).
        DeleteWorkflow,
    }
}
