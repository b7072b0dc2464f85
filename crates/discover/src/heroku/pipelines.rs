//! Pipelines, and which application stands at which stage.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Pipeline, Resource};

use super::form::{Named, Reference};
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

/// Where an application stands in a pipeline.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Coupling {
    id: String,
    pub(super) app: Reference,
    pub(super) pipeline: Reference,
    pub(super) stage: String,
}

#[derive(Debug, Deserialize)]
struct ReviewApp {
    id: String,
}

#[derive(Debug, Deserialize)]
struct ReviewAppConfig {
    automatic_review_apps: Option<bool>,
    destroy_stale_apps: Option<bool>,
}

impl Identified for Coupling {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for ReviewApp {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<Vec<Coupling>, DiscoverError> {
    let pipelines: Option<Vec<Named>> = reader.list("/pipelines").await?;
    for pipeline in pipelines.unwrap_or_default() {
        let root = format!("/pipelines/{}", segment(&pipeline.id));
        let reviews: Option<Vec<ReviewApp>> = reader.list(&format!("{root}/review-apps")).await?;
        // A pipeline without review applications has no such configuration.
        let config: Option<ReviewAppConfig> = reader
            .object_if_any(&format!("{root}/review-app-config"))
            .await?;
        gathered.add(Resource {
            id: pipeline.id,
            name: pipeline.name,
            region: None,
            cost: None,
            attributes: Attributes::Pipeline(Pipeline {
                review_apps: reviews.map(|reviews| reviews.len() as u64),
                automatic_review_apps: config
                    .as_ref()
                    .and_then(|config| config.automatic_review_apps),
                removes_stale_apps: config.and_then(|config| config.destroy_stale_apps),
            }),
        });
    }
    Ok(reader
        .list("/pipeline-couplings")
        .await?
        .unwrap_or_default())
}
