//! What starting and driving runs reads, in memory: versions in force, environments, and how projects and workspaces stand.
//!
//! Invariant: an entry is dropped as soon as the log shows an event of its stream, and a start is recorded only if every
//! stream it relied on still has the version it was read at, so that a stale entry can delay a start but never mislead it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use wfm_domain::{
    environment::Environment,
    event::Event,
    ids::{EnvironmentId, ProjectId, WorkflowId, WorkspaceId},
    project::Project,
    workflow::WorkflowEvent,
    workspace::Workspace,
};
use wfm_storage::{
    event::{Position, StreamId, StreamVersion},
    feed::CommittedBatch,
};

use super::{definition::CompiledWorkflow, environment::EnvironmentValues};
use crate::{error::ApplicationError, store::Store};

/// Entries of each kind that stay in memory.
const CAPACITY: usize = 4096;

const PAGE: u32 = 500;

/// A workflow as a start sees it.
pub struct InForce {
    /// Its stream.
    pub stream: StreamId,
    /// Version of its stream.
    pub stream_version: StreamVersion,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its project.
    pub project: ProjectId,
    /// The version in force, compiled; `None` before the first publish.
    pub compiled: Option<Arc<CompiledWorkflow>>,
    /// Deactivated since.
    pub inactive: bool,
    /// Deleted.
    pub deleted: bool,
}

/// How a project or workspace stands.
pub struct Parent {
    /// Its stream.
    pub stream: StreamId,
    /// Version of its stream.
    pub version: StreamVersion,
    /// Exists, is active and not deleted.
    pub usable: bool,
}

type Entries<T> = RwLock<FxHashMap<i64, Arc<T>>>;

/// The cache.
pub struct Definitions {
    store: Store,
    workflows: Entries<InForce>,
    /// Workflows that do not exist: asked for by strangers, who learn nothing from how long the answer takes.
    missing: RwLock<FxHashSet<i64>>,
    environments: Entries<EnvironmentValues>,
    projects: Entries<Parent>,
    workspaces: Entries<Parent>,
    /// Counts invalidations: what was read before one is not kept after it.
    invalidations: AtomicU64,
    pinned: RwLock<FxHashMap<(i64, u32), Arc<CompiledWorkflow>>>,
}

fn cached<T>(entries: &Entries<T>, id: i64) -> Option<Arc<T>> {
    entries.read().get(&id).cloned()
}

impl Definitions {
    /// An empty cache over `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            workflows: RwLock::default(),
            missing: RwLock::default(),
            environments: RwLock::default(),
            projects: RwLock::default(),
            workspaces: RwLock::default(),
            invalidations: AtomicU64::new(0),
            pinned: RwLock::default(),
        }
    }

    fn keep<T>(&self, entries: &Entries<T>, id: i64, entry: &Arc<T>, read_at: u64) {
        let mut entries = entries.write();
        // Counted up before entries are dropped, so that an entry read before is dropped or not kept at all.
        if self.invalidations.load(Ordering::SeqCst) != read_at {
            return;
        }
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        entries.insert(id, Arc::clone(entry));
    }

    fn keep_missing(&self, id: WorkflowId, read_at: u64) {
        let mut missing = self.missing.write();
        if self.invalidations.load(Ordering::SeqCst) != read_at {
            return;
        }
        if missing.len() >= CAPACITY {
            missing.clear();
        }
        missing.insert(id.0);
    }

    fn read_at(&self) -> u64 {
        self.invalidations.load(Ordering::SeqCst)
    }

    /// A workflow as a start sees it; `None` when it does not exist.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn workflow(&self, id: WorkflowId) -> Result<Option<Arc<InForce>>, ApplicationError> {
        if let Some(entry) = cached(&self.workflows, id.0) {
            return Ok(Some(entry));
        }
        if self.missing.read().contains(&id.0) {
            return Ok(None);
        }
        let read_at = self.read_at();
        let Some((entry, _)) = self.read_workflow(id, None).await? else {
            self.keep_missing(id, read_at);
            return Ok(None);
        };
        let entry = Arc::new(entry);
        self.keep(&self.workflows, id.0, &entry, read_at);
        Ok(Some(entry))
    }

    /// A version that was in force once, compiled.
    ///
    /// # Errors
    /// When there is no such version, or it cannot be compiled by this build.
    pub async fn pinned(&self, id: WorkflowId, version: u32) -> Result<Arc<CompiledWorkflow>, ApplicationError> {
        if let Some(compiled) = self.pinned.read().get(&(id.0, version)) {
            return Ok(Arc::clone(compiled));
        }
        let found = self
            .read_workflow(id, Some(version))
            .await?
            .and_then(|(_, pinned)| pinned);
        let compiled =
            found.ok_or_else(|| ApplicationError::NotFound(format!("version {version} of workflow {id}")))?;
        self.pin(&compiled);
        Ok(compiled)
    }

    fn pin(&self, compiled: &Arc<CompiledWorkflow>) {
        let mut pinned = self.pinned.write();
        if pinned.len() >= CAPACITY {
            pinned.clear();
        }
        pinned.insert((compiled.id.0, compiled.version), Arc::clone(compiled));
    }

    /// Folds a workflow's stream to what a start needs, and on the way compiles the version asked for.
    async fn read_workflow(
        &self,
        id: WorkflowId,
        wanted: Option<u32>,
    ) -> Result<Option<(InForce, Option<Arc<CompiledWorkflow>>)>, ApplicationError> {
        let stream = StreamId::new(id.stream());
        let mut entry: Option<InForce> = None;
        let mut in_force = None;
        let mut pinned = None;
        let mut after = StreamVersion(0);
        loop {
            let page = self.store.log.read_stream(&stream, after, PAGE).await?;
            for stored in &page {
                after = stored.version;
                let Some(event) = crate::store::typed(stored) else {
                    continue;
                };
                let Event::Workflow(event) = event.as_ref() else {
                    continue;
                };
                match event {
                    WorkflowEvent::WorkflowCreated(created) => {
                        entry = Some(InForce {
                            stream: stream.clone(),
                            stream_version: after,
                            workspace: created.workspace_id,
                            project: created.project_id,
                            compiled: None,
                            inactive: false,
                            deleted: false,
                        });
                    }
                    WorkflowEvent::WorkflowPublished(published) => {
                        if let Some(entry) = &mut entry {
                            entry.inactive = false;
                        }
                        if wanted == Some(published.version) {
                            pinned = Some(published.clone());
                        }
                        in_force = Some(published.clone());
                    }
                    WorkflowEvent::WorkflowDeactivated(_) => {
                        if let Some(entry) = &mut entry {
                            entry.inactive = true;
                        }
                    }
                    WorkflowEvent::WorkflowDeleted(_) => {
                        if let Some(entry) = &mut entry {
                            entry.deleted = true;
                        }
                    }
                    WorkflowEvent::WorkflowChanged(_)
                    | WorkflowEvent::StepAdded(_)
                    | WorkflowEvent::StepChanged(_)
                    | WorkflowEvent::StepsReordered(_)
                    | WorkflowEvent::StepRemoved(_)
                    | WorkflowEvent::DraftDiscarded(_) => {}
                }
            }
            if page.len() < PAGE as usize {
                break;
            }
        }
        let Some(mut entry) = entry else { return Ok(None) };
        entry.stream_version = after;
        let compile = |published: wfm_domain::workflow::WorkflowPublished| {
            CompiledWorkflow::compile(
                id,
                entry.workspace,
                entry.project,
                published.version,
                &published.definition,
            )
            .map(Arc::new)
            .map_err(|errors| {
                ApplicationError::Internal(format!("workflow {id} version {}: {errors:?}", published.version))
            })
        };
        let pinned = pinned.map(compile).transpose()?;
        if wanted.is_none() {
            let compiled = in_force.map(compile).transpose()?;
            if let Some(compiled) = &compiled {
                self.pin(compiled);
            }
            entry.compiled = compiled;
        }
        Ok(Some((entry, pinned)))
    }

    /// The values of an environment.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn environment(&self, id: EnvironmentId) -> Result<Arc<EnvironmentValues>, ApplicationError> {
        if let Some(entry) = cached(&self.environments, id.0) {
            return Ok(entry);
        }
        let read_at = self.read_at();
        let loaded = self.store.load::<Environment>(id.stream()).await?;
        let entry = Arc::new(EnvironmentValues::new(id, loaded.version, &loaded.aggregate));
        self.keep(&self.environments, id.0, &entry, read_at);
        Ok(entry)
    }

    /// How a project stands.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn project(&self, id: ProjectId) -> Result<Arc<Parent>, ApplicationError> {
        if let Some(entry) = cached(&self.projects, id.0) {
            return Ok(entry);
        }
        let read_at = self.read_at();
        let loaded = self.store.load::<Project>(id.stream()).await?;
        let usable = loaded.aggregate.id.is_some() && loaded.aggregate.is_active && !loaded.aggregate.is_deleted;
        let entry = Arc::new(Parent {
            stream: loaded.stream,
            version: loaded.version,
            usable,
        });
        self.keep(&self.projects, id.0, &entry, read_at);
        Ok(entry)
    }

    /// How a workspace stands.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Arc<Parent>, ApplicationError> {
        if let Some(entry) = cached(&self.workspaces, id.0) {
            return Ok(entry);
        }
        let read_at = self.read_at();
        let loaded = self.store.load::<Workspace>(id.stream()).await?;
        let usable = loaded.aggregate.id.is_some() && loaded.aggregate.is_active && !loaded.aggregate.is_deleted;
        let entry = Arc::new(Parent {
            stream: loaded.stream,
            version: loaded.version,
            usable,
        });
        self.keep(&self.workspaces, id.0, &entry, read_at);
        Ok(entry)
    }

    /// Drops every entry: what was read may be stale.
    pub fn clear(&self) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        self.workflows.write().clear();
        self.missing.write().clear();
        self.environments.write().clear();
        self.projects.write().clear();
        self.workspaces.write().clear();
    }

    /// Drops the entry of a stream that was just changed, so that the change governs what its author does next.
    pub fn forget(&self, stream: &str) {
        self.invalidate_stream(stream, &mut Vec::new());
    }

    /// Drops the entries that the batch's events make stale; returns the environments among them.
    pub fn invalidate(&self, batch: &CommittedBatch) -> Vec<EnvironmentId> {
        let mut environments = Vec::new();
        for event in batch.iter() {
            self.invalidate_stream(event.stream.as_str(), &mut environments);
        }
        environments
    }

    fn invalidate_stream(&self, stream: &str, environments: &mut Vec<EnvironmentId>) {
        let Some((kind, id)) = stream.rsplit_once('-') else {
            return;
        };
        if !matches!(
            kind,
            WorkflowId::KIND | EnvironmentId::KIND | ProjectId::KIND | WorkspaceId::KIND
        ) {
            return;
        }
        let Ok(id) = id.parse::<i64>() else { return };
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        match kind {
            WorkflowId::KIND => {
                self.workflows.write().remove(&id);
                self.missing.write().remove(&id);
            }
            EnvironmentId::KIND => {
                self.environments.write().remove(&id);
                environments.push(EnvironmentId(id));
            }
            ProjectId::KIND => drop(self.projects.write().remove(&id)),
            WorkspaceId::KIND => drop(self.workspaces.write().remove(&id)),
            _ => {}
        }
    }

    /// Where a follower of the log should begin: the cache is empty, so anything from now on counts.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn follow_from(&self) -> Result<Position, ApplicationError> {
        Ok(self.store.log.head().await?.position)
    }
}
