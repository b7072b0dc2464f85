//! Projects, and the resources that people filed under them. Buckets show themselves here.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::buckets::Buckets;
use super::collection::Collection;
use super::networks::Named;
use super::others::other;
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::{Gathered, urn_id};
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct Project {
    id: String,
    name: String,
    description: Option<String>,
    purpose: Option<String>,
    environment: Option<String>,
    is_default: Option<bool>,
}

impl Identified for Project {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    buckets: &mut Buckets,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let projects: Vec<Project> = reader
        .list(Collection::new("/v2/projects", "projects").with_items("project"))
        .await?
        .unwrap_or_default();
    let reads = projects
        .into_iter()
        .map(|project| with_resources(reader, project));
    let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    while let Some((project, path, resources)) = reads.try_next().await? {
        for Named { urn } in resources {
            if urn.starts_with("do:space:") {
                buckets.saw(urn_id(&urn), "project", None);
            }
            gathered.mention(&path, &urn);
            gathered.refer_known(urn_id(&urn), "belongs_to", &project.id);
        }
        gathered.add(other(
            "project",
            project.id,
            project.name,
            None,
            [
                ("description", project.description.into()),
                ("purpose", project.purpose.into()),
                ("environment", project.environment.into()),
                ("is_default", project.is_default.into()),
            ],
        ));
    }
    Ok(())
}

async fn with_resources(
    reader: &Reader<'_>,
    project: Project,
) -> Result<(Project, String, Vec<Named>), DiscoverError> {
    let path = format!("/v2/projects/{}/resources", segment(&project.id));
    let resources = reader.list(Collection::new(&path, "resources")).await?;
    Ok((project, path, resources.unwrap_or_default()))
}
