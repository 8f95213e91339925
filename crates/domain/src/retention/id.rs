//! Names a workspace's month of runs: its stream, its data key, its claims.

use std::fmt;

use crate::{ids::WorkspaceId, instant::Instant, protected::DataKey};

/// The runs that a workspace started in one month (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunMonthId {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The month as `2026-11`.
    pub month: String,
}

impl RunMonthId {
    /// The stream of the month's history, for example `run-month-3-2026-11`.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("run-month-{}-{}", self.workspace_id, self.month)
    }

    /// The data key under which everything stands that the month's runs carried.
    #[must_use]
    pub fn data_key(&self) -> DataKey {
        DataKey::Runs(self.workspace_id, self.month.clone())
    }

    /// The month of a claim's key, which is the text form `3/2026-11`; `None` when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (workspace, month) = text.split_once('/')?;
        is_month(month).then_some(())?;
        Some(Self {
            workspace_id: WorkspaceId(workspace.parse().ok()?),
            month: month.to_owned(),
        })
    }

    /// First instant of the month; `None` when the month is no month.
    #[must_use]
    pub fn begin(&self) -> Option<Instant> {
        Instant::parse(&format!("{}-01T00:00:00Z", self.month))
    }

    /// First instant after the month; `None` when the month is no month.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        self.begin().map(Instant::next_month)
    }
}

impl fmt::Display for RunMonthId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.workspace_id, self.month)
    }
}

/// Whether a text is a month such as `2026-11`.
fn is_month(text: &str) -> bool {
    let [year, month] = text.split('-').collect::<Vec<_>>()[..] else {
        return false;
    };
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_stream_a_key_and_bounds() {
        let id = RunMonthId::parse("3/2026-12").unwrap();
        assert_eq!(id.to_string(), "3/2026-12");
        assert_eq!(id.stream(), "run-month-3-2026-12");
        assert_eq!(id.data_key().to_string(), "runs/3/2026-12");
        assert_eq!(id.begin(), Instant::parse("2026-12-01T00:00:00Z"));
        assert_eq!(id.end(), Instant::parse("2027-01-01T00:00:00Z"));
        for strange in ["", "3", "3/", "x/2026-12", "3/2026-13", "3/2026-1", "3/2026-12-01"] {
            assert_eq!(RunMonthId::parse(strange), None, "{strange}");
        }
    }
}
