//! Any sequence of commands replays: what the log gives back folds into the state that the commands led to.
//!
//! Each accepted event goes through the log's text form (sealed, written, read, opened) before it is folded again. The
//! claims are kept in a model beside it: nothing is taken twice, and nothing is released that was not held.

use std::{collections::BTreeSet, fmt::Debug};

use proptest::prelude::*;
use wfm_domain::{
    aggregate::{Claim, Decide},
    api_endpoint::{ApiEndpoint, ApiEndpointEvent},
    api_key::{ApiKey, ApiKeyEvent},
    environment::{Environment, EnvironmentEvent},
    event::Event,
    ids::StepId,
    project::{Project, ProjectEvent},
    protected::ProtectedFields,
    retention::{RunMonth, RunMonthEvent},
    role::Role,
    upcast,
    user::{User, UserEvent},
    workflow::{Workflow, WorkflowEvent, content_hash},
    workspace::{Workspace, WorkspaceEvent},
};

use super::commands::{
    Choices, api_key_command, endpoint_command, environment_command, project_command, run_month_command, user_command,
    workflow_command, workspace_command,
};

fn sequences() -> impl Strategy<Value = Vec<Choices>> {
    prop::collection::vec((0_u8..12, 0_i64..4, 0_i64..4, any::<bool>()), 0..40)
}

/// Gives the commands to an aggregate one after another and replays what it accepts.
fn replay<A>(choices: Vec<Choices>, command: impl Fn(Choices, &A) -> A::Command) -> Result<(), TestCaseError>
where
    A: Decide + Clone + PartialEq + Debug,
    A::Event: Clone + ProtectedFields + Into<Event> + TryFromEvent + PartialEq + Debug,
{
    let mut state = A::default();
    let mut replayed = A::default();
    let mut held: BTreeSet<Claim> = BTreeSet::new();
    for choice in choices {
        let Ok(events) = state.decide(command(choice, &state)) else {
            continue;
        };
        for mut event in events {
            event.visit_protected(&mut |_, value| {
                let sealed = format!("sealed:{}", value.text().expect("a decision wraps open values"));
                value.set_sealed(sealed);
            });
            let changes = state.claims(&event);
            for claim in &changes.release {
                prop_assert!(held.remove(claim), "{claim:?} was not held");
            }
            for claim in changes.take {
                prop_assert!(held.insert(claim.clone()), "{claim:?} was held already");
            }
            state.evolve(&event);

            let stored: Event = event.clone().into();
            let payload = stored.payload().expect("every protected value is sealed");
            let read =
                upcast::load(stored.name(), stored.schema_version(), &payload).expect("what was written is read");
            prop_assert_eq!(read.len(), 1);
            let mut read =
                A::Event::try_from_event(read.into_iter().next().expect("there is one")).expect("its own type");
            read.visit_protected(&mut |_, value| {
                let open = value
                    .sealed()
                    .and_then(|sealed| sealed.strip_prefix("sealed:"))
                    .expect("sealed")
                    .to_owned();
                value.set_open(open);
            });
            prop_assert_eq!(&read, &event);
            replayed.evolve(&read);
        }
        prop_assert_eq!(&replayed, &state);
    }
    Ok(())
}

/// The way back from any event to an aggregate's own.
trait TryFromEvent: Sized {
    fn try_from_event(event: Event) -> Option<Self>;
}

macro_rules! own_events {
    ($($variant:ident($event:ty)),* $(,)?) => {
        $(impl TryFromEvent for $event {
            fn try_from_event(event: Event) -> Option<Self> {
                if let Event::$variant(event) = event { Some(event) } else { None }
            }
        })*
    };
}

own_events!(
    User(UserEvent),
    Workspace(WorkspaceEvent),
    Project(ProjectEvent),
    Environment(EnvironmentEvent),
    ApiEndpoint(ApiEndpointEvent),
    ApiKey(ApiKeyEvent),
    Workflow(WorkflowEvent),
    RunMonth(RunMonthEvent),
);

/// What holds of every workflow, whatever happened to it.
fn check_workflow(state: &Workflow) {
    let names: BTreeSet<_> = state.steps.iter().map(|step| &step.name).collect();
    assert_eq!(names.len(), state.steps.len(), "names are unique");
    assert!(
        state.steps.windows(2).all(|pair| pair[0].order <= pair[1].order),
        "orders are ascending"
    );
    if let Some(in_force) = &state.in_force {
        assert_eq!(in_force.content_hash, content_hash(&in_force.definition));
        assert!(in_force.definition.steps.iter().all(|step| step.retry_count.is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn users_replay(choices in sequences()) {
        replay::<User>(choices, |choice, _| user_command(choice))?;
    }

    #[test]
    fn workspaces_replay(choices in sequences()) {
        replay::<Workspace>(choices, |choice, state| {
            let mut members = state.members.values().filter(|member| member.is_active).peekable();
            assert!(members.peek().is_none() || members.any(|member| member.role == Role::Admin), "an Admin remains");
            workspace_command(choice)
        })?;
    }

    #[test]
    fn projects_replay(choices in sequences()) {
        replay::<Project>(choices, |choice, _| project_command(choice))?;
    }

    #[test]
    fn environments_replay(choices in sequences()) {
        replay::<Environment>(choices, |choice, _| environment_command(choice))?;
    }

    #[test]
    fn endpoints_replay(choices in sequences()) {
        replay::<ApiEndpoint>(choices, |choice, _| endpoint_command(choice))?;
    }

    #[test]
    fn api_keys_replay(choices in sequences()) {
        replay::<ApiKey>(choices, |choice, _| api_key_command(choice))?;
    }

    #[test]
    fn months_of_runs_replay(choices in sequences()) {
        replay::<RunMonth>(choices, |choice, _| run_month_command(choice))?;
    }

    #[test]
    fn workflows_replay(choices in sequences()) {
        let fresh = std::cell::Cell::new(1000);
        replay::<Workflow>(choices, |choice, state| {
            check_workflow(state);
            fresh.set(fresh.get() + 10);
            workflow_command(choice, state, StepId(fresh.get()))
        })?;
    }
}
