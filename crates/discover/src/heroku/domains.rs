//! Host names that the platform serves, and their certificates.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Certificate, Domain, Resource};

use super::apps::AppSummary;
use super::form::Reference;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

#[derive(Debug, Deserialize)]
struct HostName {
    id: String,
    hostname: String,
    kind: Option<String>,
    cname: Option<String>,
    acm_status: Option<String>,
    sni_endpoint: Option<Reference>,
}

#[derive(Debug, Deserialize)]
struct SniEndpoint {
    id: String,
    name: String,
    display_name: Option<String>,
    ssl_cert: Option<SslCert>,
}

#[derive(Debug, Deserialize)]
struct SslCert {
    #[serde(default)]
    acm: bool,
    expires_at: Option<String>,
    #[serde(default)]
    cert_domains: Vec<String>,
}

impl Identified for HostName {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for SniEndpoint {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    app: &AppSummary,
    found: &mut Gathered,
) -> Result<(), DiscoverError> {
    let root = format!("/apps/{}", segment(&app.name));
    let endpoints: Option<Vec<SniEndpoint>> = reader.list(&format!("{root}/sni-endpoints")).await?;
    for endpoint in endpoints.unwrap_or_default() {
        add_certificate(app, endpoint, found);
    }
    let names: Option<Vec<HostName>> = reader.list(&format!("{root}/domains")).await?;
    for name in names.unwrap_or_default() {
        // The name that the platform gave is an attribute of the application.
        if name.kind.as_deref() != Some("heroku") {
            add_name(app, name, found);
        }
    }
    Ok(())
}

fn add_name(app: &AppSummary, name: HostName, found: &mut Gathered) {
    let certificate_id = name.sni_endpoint.map(|endpoint| endpoint.id);
    found.refer(&name.id, "routes_to", &app.id);
    if let Some(certificate_id) = &certificate_id {
        found.refer_known(&name.id, "uses", certificate_id);
    }
    found.add(Resource {
        id: name.id,
        name: name.hostname,
        region: None,
        cost: None,
        attributes: Attributes::Domain(Domain {
            ttl_seconds: None,
            target: name.cname,
            certificate_id,
            certificate_status: name.acm_status,
        }),
    });
}

fn add_certificate(app: &AppSummary, endpoint: SniEndpoint, found: &mut Gathered) {
    let mut certificate = Certificate::default();
    if let Some(mut read) = endpoint.ssl_cert {
        read.cert_domains.sort();
        let issuer = if read.acm { "platform" } else { "custom" };
        certificate = Certificate {
            issuer: Some(issuer.to_owned()),
            not_after: read.expires_at,
            dns_names: read.cert_domains,
            status: None,
        };
    }
    found.refer(&endpoint.id, "belongs_to", &app.id);
    found.add(Resource {
        id: endpoint.id,
        name: endpoint.display_name.unwrap_or(endpoint.name),
        region: None,
        cost: None,
        attributes: Attributes::Certificate(certificate),
    });
}
