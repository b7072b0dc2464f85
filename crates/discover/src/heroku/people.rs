//! People with access, and where logs and events of an application go.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;

use reberth_model::estate::{Attributes, LogDrain, Member, Other, Resource};

use super::apps::AppSummary;
use super::form::{HostOnly, Named, Reference};
use super::reader::Reader;
use crate::DiscoverError;
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct TeamMember {
    id: String,
    email: String,
    role: Option<String>,
    two_factor_authentication: Option<bool>,
    federated: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Collaborator {
    id: String,
    user: User,
}

#[derive(Debug, Deserialize)]
struct User {
    email: String,
    federated: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Drain {
    id: String,
    #[serde(default)]
    url: HostOnly,
    addon: Option<Reference>,
}

#[derive(Debug, Deserialize)]
struct Webhook {
    id: String,
    #[serde(default)]
    url: HostOnly,
    #[serde(default)]
    include: Vec<String>,
}

impl Identified for TeamMember {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Collaborator {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Drain {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Webhook {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// One person, whatever gives them access, by e-mail address.
pub(super) async fn gather(
    reader: &Reader<'_>,
    teams: &[Named],
    apps: &[AppSummary],
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let mut people: BTreeMap<String, Member> = BTreeMap::new();
    for team in teams {
        let path = format!("/teams/{}/members", segment(&team.name));
        for member in reader.list::<TeamMember>(&path).await?.unwrap_or_default() {
            let person = people.entry(member.email).or_default();
            person.role = member.role;
            person.second_factor = member.two_factor_authentication;
            person.federated = member.federated;
        }
    }
    let reads: Vec<_> = apps
        .iter()
        .map(|app| read_collaborators(reader, app))
        .collect();
    let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    while let Some((app_id, collaborators)) = reads.try_next().await? {
        for collaborator in collaborators {
            let person = people.entry(collaborator.user.email).or_default();
            person.federated = person.federated.or(collaborator.user.federated);
            person.app_ids.push(app_id.clone());
        }
    }
    for (email, mut member) in people {
        member.app_ids.sort();
        gathered.add(Resource {
            id: email.clone(),
            name: email,
            region: None,
            cost: None,
            attributes: Attributes::Member(member),
        });
    }
    Ok(())
}

async fn read_collaborators(
    reader: &Reader<'_>,
    app: &AppSummary,
) -> Result<(String, Vec<Collaborator>), DiscoverError> {
    let path = format!("/apps/{}/collaborators", segment(&app.name));
    let collaborators = reader.list(&path).await?;
    Ok((app.id.clone(), collaborators.unwrap_or_default()))
}

pub(super) async fn gather_drains_and_webhooks(
    reader: &Reader<'_>,
    app: &AppSummary,
    found: &mut Gathered,
) -> Result<(), DiscoverError> {
    let root = format!("/apps/{}", segment(&app.name));
    let drains: Option<Vec<Drain>> = reader.list(&format!("{root}/log-drains")).await?;
    for drain in drains.unwrap_or_default() {
        found.refer(&drain.id, "belongs_to", &app.id);
        let name = drain
            .url
            .0
            .clone()
            .unwrap_or_else(|| "log drain".to_owned());
        found.add(Resource {
            id: drain.id,
            name,
            region: None,
            cost: None,
            attributes: Attributes::LogDrain(LogDrain {
                app_id: app.id.clone(),
                host: drain.url.0,
                addon_id: drain.addon.map(|addon| addon.id),
            }),
        });
    }
    let webhooks: Option<Vec<Webhook>> = reader.list(&format!("{root}/webhooks")).await?;
    for webhook in webhooks.unwrap_or_default() {
        found.refer(&webhook.id, "belongs_to", &app.id);
        let facts = [
            ("host".to_owned(), json!(webhook.url.0)),
            ("events".to_owned(), json!(webhook.include)),
        ];
        found.add(Resource {
            id: webhook.id,
            name: webhook.url.0.unwrap_or_else(|| "webhook".to_owned()),
            region: None,
            cost: None,
            attributes: Attributes::Other(Other {
                word: "webhook".to_owned(),
                facts: facts.into(),
            }),
        });
    }
    Ok(())
}
