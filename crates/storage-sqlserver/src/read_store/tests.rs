//! Every statement that writes the read models, in files that people and a T-SQL parser can read.
//!
//! A changed text fails here; `WFM_WRITE_TEXTS=1 cargo test -p wfm-storage-sqlserver --lib read_store` writes the files anew,
//! for review with the change.

use std::{collections::BTreeMap, path::Path};

use wfm_projections::tables::{self, EXECUTION_LOGS, STEP_RUNS, USERS, WORKFLOW_STEPS};
use wfm_storage::{
    conformance::recorded,
    fold::Operation,
    read_store::{Change, ColumnIndex, Table},
};

use super::{
    writer::{Place, applying, declaring, preparing},
    *,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_store_texts");

fn place(table: &'static Table, column: &str) -> ColumnIndex {
    table.columns.iter().position(|known| known.name == column).unwrap()
}

fn statement(operation: &Operation) -> String {
    parts::part(SERVING, operation).unwrap().statement
}

fn of_each_table(operation: impl Fn(&'static Table) -> Operation) -> String {
    let texts = tables::ALL
        .iter()
        .map(|table| format!("-- {}\n{}\nGO\n", table.name, statement(&operation(table))));
    texts.collect::<Vec<_>>().join("\n")
}

/// A run of a step with this output.
fn step_run(output: &str) -> Operation {
    let mut row = vec![Cell::Null; STEP_RUNS.columns.len()];
    row[place(&STEP_RUNS, "Output")] = output.into();
    Operation::Put {
        table: &STEP_RUNS,
        rows: vec![row],
    }
}

/// Runs of steps of which one has an output and none an error.
fn ended_steps() -> Operation {
    let columns = vec![place(&STEP_RUNS, "ErrorMessage"), place(&STEP_RUNS, "Output")];
    let rows = vec![
        vec!["first".into(), Cell::Null, "{}".into()],
        vec!["second".into(), Cell::Null, Cell::Null],
    ];
    Operation::Update {
        table: &STEP_RUNS,
        columns,
        rows,
    }
}

#[test]
fn every_statement_stands_in_a_file() {
    let conditional = [
        Change::UpdateWhere {
            table: &STEP_RUNS,
            column: place(&STEP_RUNS, "ExecutionId"),
            value: "id".into(),
            set: vec![(place(&STEP_RUNS, "Status"), "Failed".into())],
        },
        Change::UpdateWhere {
            table: &USERS,
            column: place(&USERS, "Department"),
            value: "R&D".into(),
            set: vec![(place(&USERS, "IsActive"), true.into())],
        },
        Change::ClearReferences {
            table: &EXECUTION_LOGS,
            column: place(&EXECUTION_LOGS, "StepId"),
            parent: &WORKFLOW_STEPS,
            parent_column: place(&WORKFLOW_STEPS, "WorkflowId"),
            value: Cell::Integer(1),
        },
    ];
    let of_others = [
        Operation::DeleteWhere {
            table: &WORKFLOW_STEPS,
            column: place(&WORKFLOW_STEPS, "WorkflowId"),
            values: Vec::new(),
        },
        Operation::DeleteRanges {
            table: &STEP_RUNS,
            ranges: Vec::new(),
        },
    ];
    let conditional: Vec<String> = conditional
        .into_iter()
        .map(Operation::Conditional)
        .chain(of_others)
        .map(|operation| statement(&operation) + "\nGO\n")
        .collect();
    let rows = Vec::new;
    let files = [
        ("apply_three_parts", applying(SERVING, Place::Whole, 3) + "\n"),
        (
            "declare_three_parts",
            format!("DECLARE {};\n", declaring(Place::Whole, 3)),
        ),
        ("prepare_three_statements", preparing(3) + "\n"),
        ("apply_apart", applying(SHADOW, Place::Apart, 3) + "\n"),
        (
            "load_tables",
            ddl::making_to_load()
                .iter()
                .map(|batch| format!("{}\nGO\n", batch.trim_end()))
                .collect(),
        ),
        ("load_end", ddl::ending_the_load()),
        (
            "load_keys",
            tables::ALL
                .iter()
                .map(|table| format!("{}\nGO\n", bulk::looking_up(table).unwrap()))
                .collect(),
        ),
        ("compare", difference::comparing()),
        ("adopt", difference::adopting()),
        (
            "insert",
            of_each_table(|table| Operation::Insert { table, rows: rows() }),
        ),
        ("put", of_each_table(|table| Operation::Put { table, rows: rows() })),
        (
            "update",
            of_each_table(|table| Operation::Update {
                table,
                columns: vec![1],
                rows: rows(),
            }),
        ),
        (
            "delete",
            of_each_table(|table| Operation::Delete {
                table,
                keys: Vec::new(),
            }),
        ),
        ("conditional", conditional.join("\n")),
        (
            "images_and_long_texts",
            format!("{}\nGO\n", statement(&step_run("\"output\"")))
                + "\n"
                + &format!("{}\nGO\n", statement(&step_run(&"\"output\"".repeat(4000))))
                + "\n"
                + &format!("{}\nGO\n", statement(&ended_steps())),
        ),
        (
            "parked_events",
            format!(
                "{}\nGO\n\n{}\nGO\n",
                parts::parking(SERVING, &[]).unwrap().statement,
                parts::unparking(SERVING, &[]).unwrap().statement
            ),
        ),
    ];
    let files: BTreeMap<String, String> = files
        .into_iter()
        .map(|(name, text)| (format!("{name}.sql"), text))
        .collect();
    recorded::compare(Path::new(FOLDER), &files);
}

#[test]
fn statements_of_a_shadow_name_its_schema_alone() {
    for table in tables::ALL {
        let put = parts::part(
            SHADOW,
            &Operation::Put {
                table,
                rows: Vec::new(),
            },
        )
        .unwrap();
        assert!(
            put.statement.contains(SHADOW) && !put.statement.contains("dbo"),
            "{}",
            put.statement
        );
    }
    assert!(!applying(SHADOW, Place::Whole, 1).contains("dbo"));
}

#[test]
fn an_audited_table_never_fires_its_trigger() {
    for column in 1..USERS.columns.len() {
        let text = statement(&Operation::Update {
            table: &USERS,
            columns: vec![column],
            rows: Vec::new(),
        });
        assert_eq!(text.matches("t.[UpdatedAt] = ").count(), 1, "{text}");
    }
}

#[test]
fn what_the_rows_do_not_take_is_refused_before_the_call() {
    let mut row = vec![Cell::Null; USERS.columns.len()];
    row[place(&USERS, "PhoneNumber")] = "1".repeat(21).into();
    let operation = Operation::Insert {
        table: &USERS,
        rows: vec![row],
    };
    let refused = parts::part(SERVING, &operation).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the read models refuse the changes: Users.PhoneNumber does not take 21 characters"
    );
}
