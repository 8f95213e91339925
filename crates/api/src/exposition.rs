//! The forms in which measurements are told: `OpenMetrics`, and the older text form of Prometheus.

use std::fmt::Write as _;

/// A form, chosen by what the reader accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// What the measurements are kept in.
    OpenMetrics,
    /// For whoever does not ask for the other: every reader of measurements knows it, browsers show it.
    Text,
}

impl Exposition {
    /// Both media types.
    pub const MEDIA_TYPES: &[&str] = &[Self::Text.media_type(), Self::OpenMetrics.media_type()];

    /// The form for an `Accept` header.
    #[must_use]
    pub fn accepted(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Self::OpenMetrics,
            Some(_) | None => Self::Text,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// What is written as `OpenMetrics`, in this form.
    #[must_use]
    pub fn of(self, open_metrics: String) -> String {
        match self {
            Self::OpenMetrics => open_metrics,
            Self::Text => text(&open_metrics),
        }
    }
}

/// A counter has the name of its samples, which end in `_total`; units and the mark of the end do not exist.
fn text(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described;
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.rsplit_once(' ').unwrap_or((typed, "untyped"));
            let ending = if kind == "counter" { "_total" } else { "" };
            if let Some(words) = help.strip_prefix(name) {
                let _ = writeln!(text, "# HELP {name}{ending}{words}");
            }
            let _ = writeln!(text, "# TYPE {name}{ending} {kind}");
        } else if !line.starts_with("# ") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_ask_for_open_metrics_gets_the_text_form() {
        let asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
        assert_eq!(Exposition::accepted(Some(asked)), Exposition::OpenMetrics);
        for other in [None, Some("*/*"), Some("text/plain;version=0.0.4")] {
            assert_eq!(Exposition::accepted(other), Exposition::Text, "{other:?}");
        }
        let written = "# HELP runs Runs.\n# TYPE runs counter\nruns_total{how=\"# 1\"} 1\n# HELP lag_seconds Lag.\n\
            # TYPE lag_seconds gauge\n# UNIT lag_seconds seconds\nlag_seconds 2\n# EOF\n";
        assert_eq!(
            Exposition::Text.of(written.to_owned()),
            "# HELP runs_total Runs.\n# TYPE runs_total counter\nruns_total{how=\"# 1\"} 1\n# HELP lag_seconds Lag.\n\
            # TYPE lag_seconds gauge\nlag_seconds 2\n"
        );
        assert_eq!(Exposition::OpenMetrics.of(written.to_owned()), written);
    }
}
