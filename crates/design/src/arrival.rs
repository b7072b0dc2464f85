//! How the servers of a role get there: by an image that a pipeline makes from what was found on them, by a copy of
//! their disks, or by a maker's plain image that people fill.

use reberth_model::design::{Arrival, ArrivalWay, Contents};

use crate::compute::Role;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::found;

const PIPELINE: &str = "image_pipeline";
const MIGRATION: &str = "application_migration";
const PLAIN: &str = "plain_image";

/// Decides the way and gathers what was found.
pub(crate) fn design(
    role: &Role<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<Arrival, DesignError> {
    let contents = found::contents(role);
    let choice = decisions.decide(&Question {
        id: &format!("services.{}.arrival", role.key),
        value: PIPELINE,
        alternative: MIGRATION,
        why: &why(&contents),
        may_be: Values::OneOf(&[PIPELINE, MIGRATION, PLAIN]),
    })?;
    Ok(Arrival {
        way: match choice.value.as_str() {
            MIGRATION => ArrivalWay::ApplicationMigration,
            PLAIN => ArrivalWay::PlainImage,
            _ => ArrivalWay::ImagePipeline,
        },
        why: choice.why,
        contents,
    })
}

/// Nothing of the choice hides what nobody looked into.
fn why(contents: &Contents) -> String {
    let seen = contents.seen.len();
    let all = seen + contents.unseen.len();
    let known = match seen {
        0 => "nobody looked inside, so the image holds the system and the release only, until `reberth discover --ssh` or a person tells more".to_owned(),
        _ if seen == all => format!("what runs on them was seen on all {all}"),
        _ => format!("what runs on them was seen on {seen} of {all}"),
    };
    format!(
        "servers that replace themselves need an image that can be made again, and a copy of a disk keeps whatever was done to it by hand; {known}"
    )
}
