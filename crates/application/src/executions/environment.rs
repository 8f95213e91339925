//! The values of an environment that a run may read.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use wfm_domain::{
    environment::{Environment, EnvironmentConfiguration},
    ids::EnvironmentId,
};
use wfm_expressions::{EnvValue, MINIMUM_SECRET_BYTES, encoded_forms};
use wfm_storage::event::StreamVersion;

/// An environment as of a version of its stream. Its `Debug` form does not exist: it holds secrets.
pub struct EnvironmentValues {
    /// The environment.
    pub id: EnvironmentId,
    /// Version of its stream.
    pub version: StreamVersion,
    /// Settings of its runs.
    pub configuration: EnvironmentConfiguration,
    /// Exists, is active and not deleted.
    pub usable: bool,
    variables: FxHashMap<String, (bool, Arc<str>)>,
    /// Every secret value in each form in which it may be echoed, but those too short to be told from other text.
    secrets: Arc<[String]>,
}

impl EnvironmentValues {
    /// The values of an opened aggregate.
    #[must_use]
    pub fn new(id: EnvironmentId, version: StreamVersion, environment: &Environment) -> Self {
        let open = |(name, variable): (&String, &wfm_domain::environment::Variable)| {
            let value = variable.value.shared()?;
            Some((name.clone(), (variable.secret, Arc::clone(value))))
        };
        let variables: FxHashMap<_, _> = environment.variables.0.iter().filter_map(open).collect();
        let mut secrets: Vec<String> = variables
            .values()
            .filter(|(secret, value)| *secret && value.len() >= MINIMUM_SECRET_BYTES)
            .map(|(_, value)| value.to_string())
            .collect();
        encoded_forms(&mut secrets);
        Self {
            id,
            version,
            configuration: environment.configuration.clone(),
            usable: environment.id.is_some() && environment.is_active && !environment.is_deleted,
            variables,
            secrets: secrets.into(),
        }
    }
}

impl EnvironmentValues {
    /// The value of a secret variable; `None` when it is missing, empty or readable.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&Arc<str>> {
        let (secret, value) = self.variables.get(name)?;
        (*secret && !value.is_empty()).then_some(value)
    }

    /// Every secret value in each form in which it may be echoed, whoever learnt it: an endpoint may tell what another was sent.
    /// Those too short to be told from other text are left out.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The same with `{env.NAME}` in the place of each secret, for what must not depend on secrets or show them.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let closed = |(name, (secret, value)): (&String, &(bool, Arc<str>))| {
            let value = if *secret {
                format!("{{env.{name}}}").into()
            } else {
                Arc::clone(value)
            };
            (name.clone(), (*secret, value))
        };
        Self {
            id: self.id,
            version: self.version,
            configuration: self.configuration.clone(),
            usable: self.usable,
            variables: self.variables.iter().map(closed).collect(),
            secrets: Arc::default(),
        }
    }
}

/// The view for everything that is recorded: secrets stay closed.
pub struct Durable<'a>(pub &'a EnvironmentValues);

impl wfm_expressions::Environment for Durable<'_> {
    fn variable(&self, name: &str) -> EnvValue<'_> {
        match self.0.variables.get(name) {
            Some((true, _)) => EnvValue::Secret(None),
            Some((false, value)) => EnvValue::Plain(value),
            None => EnvValue::Missing,
        }
    }
}

/// The view for the moment before sending, and for conditions, which yield no more than a truth value.
pub struct Sending<'a>(pub &'a EnvironmentValues);

impl wfm_expressions::Environment for Sending<'_> {
    fn variable(&self, name: &str) -> EnvValue<'_> {
        match self.0.variables.get(name) {
            Some((true, value)) => EnvValue::Secret(Some(value)),
            Some((false, value)) => EnvValue::Plain(value),
            None => EnvValue::Missing,
        }
    }
}
