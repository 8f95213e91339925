//! What an expression may refer to in the place where it stands, and the problems compilation reports.
//!
//! Invariant: whatever compiles under an [`Allowed`] names only roots, steps and parameters that this place may read.

use crate::name::normal_name;

/// One thing wrong with a definition, found at publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer to the place, relative to what was compiled.
    pub pointer: String,
    /// What is wrong, in words for the author of the workflow.
    pub detail: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }

    /// The same problem seen from one level further out.
    pub(crate) fn inside(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

/// The roots and steps an expression may use. `input` and `system` are readable everywhere.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    earlier_steps: Vec<String>,
    later_steps: Vec<String>,
    any_step: bool,
    environment: bool,
    response: bool,
    parameters: Option<Vec<String>>,
}

impl Allowed {
    fn with_steps<N: Into<String>>(earlier_steps: impl IntoIterator<Item = N>) -> Self {
        Self {
            earlier_steps: earlier_steps.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// For an outgoing request (`inputMapping`, a compensation's mapping): the environment, no response.
    pub fn request<N: Into<String>>(earlier_steps: impl IntoIterator<Item = N>) -> Self {
        Self {
            environment: true,
            ..Self::with_steps(earlier_steps)
        }
    }

    /// For a step's condition: the environment, no response.
    pub fn condition<N: Into<String>>(earlier_steps: impl IntoIterator<Item = N>) -> Self {
        Self::request(earlier_steps)
    }

    /// For `successWhen`: the environment and the response.
    pub fn success_when<N: Into<String>>(earlier_steps: impl IntoIterator<Item = N>) -> Self {
        Self {
            environment: true,
            response: true,
            ..Self::with_steps(earlier_steps)
        }
    }

    /// For an `outputMapping`: the response, no environment.
    pub fn output_mapping<N: Into<String>>(earlier_steps: impl IntoIterator<Item = N>) -> Self {
        Self {
            response: true,
            ..Self::with_steps(earlier_steps)
        }
    }

    /// For a workflow's `output` template: neither environment nor response; every step has ended by then.
    pub fn workflow_output<N: Into<String>>(steps: impl IntoIterator<Item = N>) -> Self {
        Self::with_steps(steps)
    }

    /// Names the steps that run later (this one included), so that a reference to one is told from an unknown name.
    #[must_use]
    pub fn with_later_steps<N: Into<String>>(mut self, later_steps: impl IntoIterator<Item = N>) -> Self {
        self.later_steps = later_steps.into_iter().map(Into::into).collect();
        self
    }

    /// Allows bare `{token}` parameters of these names (URL and headers of an endpoint).
    #[must_use]
    pub fn with_parameters<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.parameters = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// For what was checked before, under narrower rules, and is compiled again from its stored source.
    pub(crate) fn checked_before() -> Self {
        Self {
            any_step: true,
            environment: true,
            response: true,
            ..Self::default()
        }
    }

    pub(crate) fn without_parameters(&self) -> Self {
        Self {
            parameters: None,
            ..self.clone()
        }
    }

    pub(crate) fn parameter_index(&self, name: &str) -> Option<Result<usize, String>> {
        let names = self.parameters.as_ref()?;
        let name = normal_name(name);
        Some(
            names
                .iter()
                .position(|candidate| *candidate == name)
                .ok_or_else(|| format!("the endpoint has no parameter named '{name}'")),
        )
    }

    pub(crate) fn check_step(&self, name: &str) -> Result<(), String> {
        if self.any_step || self.earlier_steps.iter().any(|step| step == name) {
            Ok(())
        } else if self.later_steps.iter().any(|step| step == name) {
            Err(format!(
                "step '{name}' does not run before this place, so its result is not known here"
            ))
        } else {
            Err(format!("there is no step named '{name}'"))
        }
    }

    pub(crate) fn check_environment(&self) -> Result<(), String> {
        if self.environment {
            Ok(())
        } else {
            Err("'env' reaches only the outgoing request and conditions, never an output".to_owned())
        }
    }

    pub(crate) fn check_response(&self) -> Result<(), String> {
        if self.response {
            Ok(())
        } else {
            Err("'response' can be used only in outputMapping and successWhen".to_owned())
        }
    }
}
