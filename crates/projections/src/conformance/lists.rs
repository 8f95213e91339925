//! The product's queries: every list in every order, every filter, every key, and who may see what.

use std::sync::Arc;

use wfm_storage::read_store::{Cell, Change, ReadStore};

use super::{
    Adapter,
    samples::{first, insert, one_of_each, row},
};
use crate::{
    queries::{ListRequest, Listed, Scope, Visibility, get, list, page, resources, workflow_metrics},
    tables::{self, USERS, WORKFLOW_EXECUTIONS},
};

/// Lists with every sort and filter in turn, page by page, and gets a row by its key.
async fn exercise<R: Listed>(store: &Arc<dyn ReadStore>) {
    let resource = R::RESOURCE;
    for visibility in [Visibility::All, Visibility::Workspaces(vec![1, 7])] {
        let whole = ListRequest::new(visibility.clone(), 50);
        let rows: Vec<R> = page(&whole, store.query(list::<R>(&whole).unwrap()).await.unwrap())
            .unwrap()
            .items;
        assert!(!rows.is_empty(), "{}", resource.name);
        for column in resource.columns {
            for direction in ["", "-"] {
                let mut request = ListRequest::new(visibility.clone(), 1);
                request.sort = Some(format!("{direction}{}", column.name));
                let Ok(_) = list::<R>(&request) else { continue };
                let mut seen = 0;
                loop {
                    let found = store.query(list::<R>(&request).unwrap()).await.unwrap();
                    let found = page::<R>(&request, found).unwrap();
                    seen += found.items.len();
                    request.cursor = found.next_cursor;
                    if request.cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, rows.len(), "{} by {direction}{}", resource.name, column.name);
            }
            let filter = ListRequest::new(visibility.clone(), 50).filter(column.name, Cell::Null);
            if let Ok(query) = list::<R>(&filter) {
                assert_eq!(store.query(query).await.unwrap().len(), 0, "nothing equals NULL");
            }
        }
        for range in resource.ranges {
            let request = ListRequest::new(visibility.clone(), 50).filter(range.name, "");
            store.query(list::<R>(&request).unwrap()).await.unwrap();
        }
        let whole = store.query(list::<R>(&whole).unwrap()).await.unwrap();
        for (place, column) in resource.columns.iter().enumerate().filter(|(_, column)| column.filter) {
            if whole[0][place] == Cell::Null {
                continue;
            }
            let request = ListRequest::new(visibility.clone(), 50).filter(column.name, whole[0][place].clone());
            let found = store.query(list::<R>(&request).unwrap()).await.unwrap();
            let expected = whole.iter().filter(|row| row[place] == whole[0][place]).count();
            assert_eq!(found.len(), expected, "{} where {}", resource.name, column.name);
        }
        let key = whole[0][0].clone();
        let found = store.query(get::<R>(key, &visibility)).await.unwrap();
        assert_eq!(found.len(), 1, "{}", resource.name);
    }
    let nothing = ListRequest::new(Visibility::Workspaces(vec![2]), 50);
    let seen = store.query(list::<R>(&nothing).unwrap()).await.unwrap().len();
    let unscoped = resource.scope == Scope::Unscoped;
    assert_eq!(seen == 0, !unscoped, "{} of another workspace", resource.name);
}

/// Every resource, with a few rows.
pub async fn every_resource_lists_sorts_filters_and_hides(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut changes = one_of_each();
    changes.extend([
        insert(&USERS, 2),
        insert(&USERS, 3),
        insert(&tables::PROJECTS, 2),
        insert(&WORKFLOW_EXECUTIONS, 2),
    ]);
    first(&store, changes).await;
    exercise::<resources::UserRow>(&store).await;
    exercise::<resources::WorkspaceRow>(&store).await;
    exercise::<resources::MemberRow>(&store).await;
    exercise::<resources::ProjectRow>(&store).await;
    exercise::<resources::EnvironmentRow>(&store).await;
    exercise::<resources::ApiEndpointRow>(&store).await;
    exercise::<resources::ApiParameterRow>(&store).await;
    exercise::<resources::WorkflowRow>(&store).await;
    exercise::<resources::WorkflowStepRow>(&store).await;
    exercise::<resources::WorkflowVersionRow>(&store).await;
    exercise::<resources::ExecutionRow>(&store).await;
    exercise::<resources::StepRunRow>(&store).await;
    exercise::<resources::ExecutionLogRow>(&store).await;
    exercise::<resources::WorkflowMetricRow>(&store).await;
    exercise::<resources::ApiKeyRow>(&store).await;
    exercise::<resources::AccessLogRow>(&store).await;
    exercise::<resources::ActiveWorkflowRow>(&store).await;
    exercise::<resources::WorkflowExecutionSummaryRow>(&store).await;
}

/// `sp_GetWorkflowMetrics` as a query.
pub async fn workflow_metrics_count_second_boundaries_and_cut_their_average(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let run = |id: i64, status: i64, from: &str, to: Option<&str>| {
        let mut cells = row(&WORKFLOW_EXECUTIONS, id);
        cells[2] = status.into();
        cells[3] = format!("2026-11-22T16:29:{from}Z").into();
        cells[4] = to.map(|to| format!("2026-11-22T16:29:{to}Z")).into();
        Change::Put {
            table: &WORKFLOW_EXECUTIONS,
            row: cells,
        }
    };
    let mut changes = one_of_each();
    changes.extend([
        // One boundary within 2 milliseconds, none within 998, two in 2.5 seconds, and one that runs.
        run(1, 1, "03.999000", Some("04.001000")),
        run(2, 1, "03.001000", Some("03.999000")),
        run(3, 2, "03.000000", Some("05.500000")),
        run(4, 0, "06.000000", None),
    ]);
    first(&store, changes).await;
    let now = crate::queries::instant("2026-11-30T00:00:00Z").unwrap();
    let rows = store.query(workflow_metrics(1, None, None, now)).await.unwrap();
    let last = Cell::from("2026-11-22T16:29:06.000000Z");
    let numbers: Vec<Cell> = [1, 4, 2, 1, 1].map(Cell::Integer).into();
    assert_eq!(rows, [[numbers, vec![last]].concat()]);
    let later = crate::queries::instant("2027-11-30T00:00:00Z").unwrap();
    let rows = store.query(workflow_metrics(1, None, None, later)).await.unwrap();
    assert_eq!(
        rows[0][1..],
        [Cell::Integer(0), Cell::Null, Cell::Null, Cell::Null, Cell::Null]
    );
}
