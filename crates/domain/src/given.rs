//! What the tests of the aggregates start from.

use cqrs_es::{Aggregate, test::TestFramework};

use crate::{
    aggregate::Decide,
    facts::{EnvironmentFact, Granter, ProjectFact, Standing, UserFact, WorkspaceFact},
    ids::{EnvironmentId, ProjectId, UserId, WorkspaceId},
    instant::Instant,
    refusal::Refusal,
    role::Role,
};

pub fn now() -> Instant {
    Instant::parse("2026-11-22T16:29:03.123456Z").unwrap()
}

pub fn later() -> Instant {
    now().plus_milliseconds(60_000)
}

pub fn user(id: i64) -> UserFact {
    UserFact::active(UserId(id))
}

pub fn inactive_user(id: i64) -> UserFact {
    UserFact {
        id: UserId(id),
        standing: Standing::Inactive,
    }
}

pub fn admin(id: i64) -> Granter {
    Granter::user(UserId(id), Role::Admin)
}

pub fn workspace(standing: Standing) -> WorkspaceFact {
    WorkspaceFact {
        id: WorkspaceId(3),
        standing,
    }
}

pub fn project(standing: Standing) -> ProjectFact {
    ProjectFact {
        id: ProjectId(5),
        workspace: workspace(Standing::Active),
        standing,
    }
}

pub fn environment(standing: Standing) -> EnvironmentFact {
    EnvironmentFact {
        id: EnvironmentId(7),
        project_id: ProjectId(5),
        standing,
        retries: 3,
    }
}

/// The state after these events.
pub fn fold<A: Decide>(events: &[A::Event]) -> A {
    let mut state = A::default();
    for event in events {
        state.evolve(event);
    }
    state
}

/// Given the events, when the command comes: what happens, or why it is refused.
pub fn when<A>(
    events: &[<A as Decide>::Event],
    command: impl Into<<A as Decide>::Command>,
) -> Result<Vec<<A as Decide>::Event>, Refusal>
where
    A: Decide
        + Aggregate<Command = <A as Decide>::Command, Event = <A as Decide>::Event, Error = Refusal, Services = ()>,
    <A as Decide>::Event: Clone,
{
    TestFramework::<A>::with(())
        .given(events.to_vec())
        .when(command.into())
        .inspect_result()
}

/// The pointers of a refusal, in order.
pub fn pointers<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    result
        .unwrap_err()
        .errors
        .into_iter()
        .map(|error| error.pointer)
        .collect()
}

/// The code of a refusal.
pub fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    result.unwrap_err().code
}
