//! What holds data: databases, caches and buckets.

use reberth_model::design::{Bucket, Cache, Database};

use crate::database::{self, Named};
use crate::decisions::Decisions;
use crate::error::DesignError;
use crate::name::{Keys, Room};
use crate::{Given, cache, storage};

/// Everything that holds data, each list ordered by key.
pub(crate) struct Stores {
    pub(crate) databases: Vec<Database>,
    pub(crate) caches: Vec<Cache>,
    pub(crate) buckets: Vec<Bucket>,
}

impl Stores {
    /// Designs them.
    pub(crate) fn design(
        given: &Given<'_>,
        decisions: &mut Decisions<'_>,
    ) -> Result<Stores, DesignError> {
        let project = &given.policy.project;
        let environment = &given.policy.target.environment;
        let named = Named {
            environment,
            room: Room::beside(project, environment),
            apps: given.apps,
            previous: given.previous,
        };
        Ok(Stores {
            databases: database::databases(given.estate, &named, decisions)?,
            caches: cache::caches(given.estate, project, &named, decisions)?,
            buckets: storage::buckets(
                given.estate,
                Keys::buckets(given.previous, given.estate),
                project,
                environment,
            ),
        })
    }
}
