//! Fills a shadow that is being loaded, over several connections at once.
//!
//! Invariant: operations on one table take effect in their order, and so do operations of which one reads what the other
//! writes. Nothing else is promised: without foreign keys no other order matters, and a shadow that a failure left half
//! filled is thrown away.

use futures::future::join_all;
use wfm_storage::{
    append::StorageError,
    fold::Operation,
    read_store::{ApplyError, Change, Table},
};

use super::{
    apply_error, bulk,
    ddl::SHADOW,
    parts::{self, Part},
    pieces, writer,
};
use crate::{
    connection::Connection,
    pool::{Pool, Purpose},
};

/// Connections that load together: a server has a processor for each of a few, and a pool is there for others too.
const LANES: usize = 3;

/// Carries operations out.
///
/// # Errors
/// As [`wfm_storage::read_store::ReadStore::apply`] does; some of the operations may have taken effect.
pub async fn load(pool: &Pool, operations: Vec<Operation>) -> Result<(), ApplyError> {
    for stage in stages(operations) {
        // Each lane to its end, so that nothing is under way any more when the shadow is dropped after a failure.
        let outcomes = join_all(lanes(stage).into_iter().map(|lane| carry_out(pool, lane))).await;
        outcomes.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

/// Carries the operations of a lane out, one after another.
async fn carry_out(pool: &Pool, lane: Vec<Operation>) -> Result<(), ApplyError> {
    let connection = pool.acquire_for(Purpose::Rebuilding).await;
    let mut connection = connection.map_err(StorageError::from)?;
    let outcome = carry_out_over(&mut connection, lane).await;
    if outcome.is_err() {
        connection.condemn();
    }
    outcome
}

async fn carry_out_over(connection: &mut Connection, lane: Vec<Operation>) -> Result<(), ApplyError> {
    let mut parts = Vec::new();
    for operation in lane {
        let (rest, new) = match operation {
            Operation::Insert { table, rows } => (None, Some((table, rows))),
            Operation::Put { table, rows } => {
                carry_out_parts(connection, &mut parts).await?;
                let (rows, new) = bulk::known_and_new(connection, table, rows).await?;
                let columns = (1..table.columns.len()).collect();
                (Some(Operation::Update { table, columns, rows }), Some((table, new)))
            }
            other => (Some(other), None),
        };
        for piece in rest.into_iter().flat_map(pieces::pieces) {
            parts.push(parts::part(SHADOW, &piece)?);
        }
        if let Some((table, rows)) = new {
            carry_out_parts(connection, &mut parts).await?;
            bulk::load(connection, table, rows).await?;
        }
    }
    carry_out_parts(connection, &mut parts).await
}

async fn carry_out_parts(connection: &mut Connection, parts: &mut Vec<Part>) -> Result<(), ApplyError> {
    writer::carry_out_apart(connection, SHADOW, &std::mem::take(parts))
        .await
        .map_err(apply_error)
}

/// Operations, in order, in runs of such as may be carried out at once.
fn stages(operations: Vec<Operation>) -> Vec<Vec<Operation>> {
    let mut stages: Vec<Vec<Operation>> = Vec::new();
    for operation in operations {
        match stages.last_mut() {
            Some(stage) if stage.iter().all(|other| go_together(other, &operation)) => stage.push(operation),
            Some(_) | None => stages.push(vec![operation]),
        }
    }
    stages
}

/// Whether two operations are on one table, in whose lane they stay in order, or neither reads what the other writes.
fn go_together(one: &Operation, other: &Operation) -> bool {
    let reads = |reader: &Operation, written: &Table| {
        let looks = |table: &Table| table.columns.iter().any(|column| column.loose_parent == Some(written));
        match reader {
            Operation::Conditional(Change::ClearReferences { parent, .. }) => *parent == written,
            Operation::Insert { table, .. } | Operation::Put { table, .. } => looks(table),
            Operation::Update { .. }
            | Operation::Delete { .. }
            | Operation::DeleteWhere { .. }
            | Operation::DeleteRanges { .. }
            | Operation::Conditional(_) => false,
        }
    };
    !reads(one, table(other)) && !reads(other, table(one))
}

/// Operations in lanes of about the same work, a table's all in one.
fn lanes(stage: Vec<Operation>) -> Vec<Vec<Operation>> {
    let mut tables: Vec<(usize, Vec<Operation>)> = Vec::new();
    for operation in stage {
        let cells = cells(&operation);
        match tables
            .iter_mut()
            .find(|(_, known)| table(&known[0]) == table(&operation))
        {
            Some((work, known)) => {
                *work += cells;
                known.push(operation);
            }
            None => tables.push((cells, vec![operation])),
        }
    }
    tables.sort_by_key(|(work, _)| std::cmp::Reverse(*work));
    let mut lanes: Vec<(usize, Vec<Operation>)> = (0..LANES).map(|_| (0, Vec::new())).collect();
    for (work, operations) in tables {
        if let Some((busy, lane)) = lanes.iter_mut().min_by_key(|(busy, _)| *busy) {
            *busy += work;
            lane.extend(operations);
        }
    }
    let lanes = lanes.into_iter().map(|(_, lane)| lane);
    lanes.filter(|lane| !lane.is_empty()).collect()
}

/// The table that an operation writes.
fn table(operation: &Operation) -> &'static Table {
    match operation {
        Operation::Insert { table, .. }
        | Operation::Put { table, .. }
        | Operation::Update { table, .. }
        | Operation::Delete { table, .. }
        | Operation::DeleteWhere { table, .. }
        | Operation::DeleteRanges { table, .. } => table,
        Operation::Conditional(change) => change.table(),
    }
}

/// How much there is to do, roughly.
fn cells(operation: &Operation) -> usize {
    match operation {
        Operation::Insert { rows, .. } | Operation::Put { rows, .. } | Operation::Update { rows, .. } => {
            rows.iter().map(Vec::len).sum()
        }
        Operation::Delete { keys, .. } => keys.len(),
        Operation::DeleteWhere { values, .. } => values.len(),
        Operation::DeleteRanges { ranges, .. } => ranges.len(),
        Operation::Conditional(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use wfm_projections::tables::{EXECUTION_LOGS, EXECUTION_STATES, STEP_RUNS, USERS, WORKFLOW_STEPS};
    use wfm_storage::read_store::Cell;

    use super::*;

    fn insert(table: &'static Table, rows: usize) -> Operation {
        let rows = vec![vec![Cell::Integer(1); table.columns.len()]; rows];
        Operation::Insert { table, rows }
    }

    fn update(table: &'static Table) -> Operation {
        let rows = vec![vec![Cell::Integer(1); 2]];
        let columns = vec![1];
        Operation::Update { table, columns, rows }
    }

    #[test]
    fn a_table_stays_in_its_lane_and_in_order() {
        let stage = vec![
            update(&EXECUTION_STATES),
            insert(&EXECUTION_STATES, 10),
            insert(&STEP_RUNS, 10),
            insert(&EXECUTION_LOGS, 30),
            insert(&USERS, 1),
        ];
        let lanes = lanes(stage);
        assert_eq!(lanes.len(), LANES);
        let of_states: Vec<&Vec<Operation>> = lanes
            .iter()
            .filter(|lane| lane.iter().any(|operation| table(operation) == &EXECUTION_STATES))
            .collect();
        let [lane] = of_states.as_slice() else {
            panic!("{of_states:?}")
        };
        let of_states: Vec<&Operation> = lane.iter().filter(|known| table(known) == &EXECUTION_STATES).collect();
        assert_eq!(of_states, [&update(&EXECUTION_STATES), &insert(&EXECUTION_STATES, 10)]);
        let logs = lanes.iter().find(|lane| table(&lane[0]) == &EXECUTION_LOGS).unwrap();
        assert_eq!(logs.len(), 1, "the greatest table has its lane for itself");
    }

    #[test]
    fn whoever_reads_waits_for_whoever_writes() {
        let clear = Operation::Conditional(Change::ClearReferences {
            table: &EXECUTION_LOGS,
            column: 2,
            parent: &WORKFLOW_STEPS,
            parent_column: 1,
            value: Cell::Integer(1),
        });
        let operations = vec![
            insert(&STEP_RUNS, 1),
            insert(&EXECUTION_LOGS, 1),
            insert(&WORKFLOW_STEPS, 1),
            clear,
            insert(&USERS, 1),
        ];
        let tables: Vec<Vec<&str>> = stages(operations)
            .iter()
            .map(|stage| stage.iter().map(|operation| table(operation).name).collect())
            .collect();
        let expected: [&[&str]; 3] = [
            &["StepRuns", "ExecutionLogs"],
            &["WorkflowSteps"],
            &["ExecutionLogs", "Users"],
        ];
        assert_eq!(tables, expected);
    }
}
