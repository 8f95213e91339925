//! Says what is due: how many executions of which workspace, month and status, and which data keys.

use std::collections::BTreeMap;

use wfm_domain::{
    retention::{RetentionPeriods, RunMonthId},
    scopes,
};
use wfm_projections::queries::retention::{MonthRow, months};

use super::{Months, Retention, RetentionReport, is_over};
use crate::error::ApplicationError;

impl Retention<'_> {
    /// What a run would do now. Changes nothing.
    ///
    /// # Errors
    /// When the read models lack events, or a store fails.
    pub async fn plan(&self, periods: RetentionPeriods) -> Result<RetentionReport, ApplicationError> {
        self.settle().await?;
        let now = self.store.now();
        let cutoffs = periods.cutoffs(now);
        let mut report = Months::default();
        let mut kept: BTreeMap<RunMonthId, u64> = BTreeMap::new();
        for row in MonthRow::decode(self.rows(months(&cutoffs)).await?)? {
            *kept.entry(row.id.clone()).or_default() += row.executions - row.due;
            if let Some(outcome) = row.outcome.filter(|_| row.due > 0) {
                report.of(&row.id).add(outcome, row.due);
            }
        }
        // Emptied earlier, but not yet over then.
        for id in self.claimed(scopes::PURGED_MONTHS).await? {
            if !kept.contains_key(&id) && self.is_emptied(&id).await? {
                kept.insert(id.clone(), 0);
                report.of(&id);
            }
        }
        for (id, month) in &mut report.0 {
            month.key_destroyed = kept.get(id) == Some(&0) && is_over(id, now)?;
        }
        for id in self.unfinished().await? {
            report.of(&id).key_destroyed = true;
        }
        Ok(report.report(periods, &cutoffs))
    }
}
