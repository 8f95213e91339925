//! What a server has, by names.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use crate::resource::{Identity, Resource};

/// A resource that a server has.
#[derive(Debug, Clone)]
pub struct Present {
    /// The resource.
    pub resource: Resource,
    /// Its id; a schedule has its workflow's.
    pub id: i64,
    /// Version for `If-Match`.
    pub version: Option<u64>,
    /// How its workflow stands, if it is one.
    pub standing: Option<Standing>,
}

/// How a workflow's draft stands to the version in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The version in force is the draft, over the endpoints as they are.
    InForce,
    /// Never published, or the draft or an endpoint has changed since.
    Behind,
    /// Taken out of force by somebody.
    Deactivated,
}

/// What a server has, as far as the caller may see it.
#[derive(Debug, Default)]
pub struct Inventory {
    resources: BTreeMap<Identity, Present>,
    ambiguous: BTreeSet<Identity>,
}

impl Inventory {
    /// Adds a resource; one of the same names makes both ambiguous.
    pub fn add(&mut self, present: Present) {
        let identity = present.resource.identity.clone();
        match self.resources.entry(identity) {
            Entry::Vacant(place) => {
                place.insert(present);
            }
            Entry::Occupied(place) => {
                self.ambiguous.insert(place.key().clone());
            }
        }
    }

    /// The resource of these names.
    #[must_use]
    pub fn get(&self, identity: &Identity) -> Option<&Present> {
        self.resources.get(identity)
    }

    /// Whether several resources have these names.
    #[must_use]
    pub fn is_ambiguous(&self, identity: &Identity) -> bool {
        self.ambiguous.contains(identity)
    }

    /// Names that several resources have.
    #[must_use]
    pub fn ambiguous(&self) -> &BTreeSet<Identity> {
        &self.ambiguous
    }

    /// All of it, by kind and names.
    pub fn iter(&self) -> impl Iterator<Item = &Present> {
        self.resources.values()
    }
}
