//! From a stored event to row changes: typed, opened, projected.

use async_trait::async_trait;
use thiserror::Error;
use uuid::Uuid;
use wfm_domain::{event::Event, upcast};
use wfm_projections::{Envelope, dependencies::dependencies, project};
use wfm_storage::{append::StorageError, event::StoredEvent, read_store::Change};

/// Why an event's protected values could not be opened.
#[derive(Debug, Clone, Error)]
pub enum OpenError {
    /// The keys cannot be read now; trying again may help.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A value does not authenticate: no trying again helps.
    #[error("{0}")]
    Broken(String),
}

/// Opens the protected values of an event.
#[async_trait]
pub trait Opener: Send + Sync + 'static {
    /// Opens every value whose key still exists; one whose key was destroyed stays closed.
    async fn open(&self, stream: &str, event_id: Uuid, event: &mut Event) -> Result<(), OpenError>;
}

/// Why an event leads to no changes.
pub enum Undecodable {
    /// Another try may succeed.
    Storage(StorageError),
    /// The event itself is at fault, as the text says.
    Poison(String),
}

/// Appends the changes of `stored`.
pub async fn decode(opener: &dyn Opener, stored: &StoredEvent, changes: &mut Vec<Change>) -> Result<(), Undecodable> {
    let mut envelope = Envelope::of(stored);
    if let Some(event) = typed(stored) {
        project(&envelope, event, changes);
        return Ok(());
    }
    let events = load(stored)?;
    let before = changes.len();
    for mut event in events {
        if let Err(error) = opener.open(stored.stream.as_str(), stored.id, &mut event).await {
            changes.truncate(before);
            return Err(match error {
                OpenError::Storage(error) => Undecodable::Storage(error),
                OpenError::Broken(reason) => Undecodable::Poison(reason),
            });
        }
        project(&envelope, &event, changes);
        envelope.part = envelope.part.saturating_add(1);
    }
    Ok(())
}

/// The streams that the rows of `stored` depend on besides its own; none when the event cannot be read.
pub fn depends_on(stored: &StoredEvent) -> Vec<String> {
    match typed(stored) {
        Some(event) => dependencies(event),
        None => load(stored).unwrap_or_default().iter().flat_map(dependencies).collect(),
    }
}

/// The form in which the writer handed the event along, open already.
fn typed(stored: &StoredEvent) -> Option<&Event> {
    stored.typed.as_ref()?.downcast_ref()
}

fn load(stored: &StoredEvent) -> Result<Vec<Event>, Undecodable> {
    upcast::load(&stored.event_type, stored.schema_version, &stored.payload)
        .map_err(|error| Undecodable::Poison(error.to_string()))
}
