//! `compose.yaml`: services in containers, on a developer's machine or a server.

use reberth_model::estate::{CodeProcess, Codebase, Service};
use serde_norway::Value;

use super::{File, yaml};
use crate::scrubbed::scrubbed;

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let document = yaml::parse(file.text)?;
    let services = yaml::entries(&document, "services");
    if services.is_empty() {
        return Err("it has no services".to_owned());
    }
    for (name, service) in services {
        settings(service, code);
        let image = yaml::text(service, "image");
        match (service.get("build"), image) {
            (Some(_), _) => code.build.push("dockerfile".to_owned()),
            (None, Some(image)) if is_store(&image) => {
                let file = file.name.to_owned();
                code.services.push(Service {
                    file,
                    name,
                    what: image,
                });
                continue;
            }
            (None, _) => code.build.push("image".to_owned()),
        }
        code.processes.push(process(file, name, service));
    }
    if document.get("include").is_some() {
        return Err("it includes further files, which were not read".to_owned());
    }
    Ok(())
}

/// Images of data stores, which become managed services; anything else is run.
fn is_store(image: &str) -> bool {
    const STORES: [&str; 14] = [
        "postgres",
        "postgresql",
        "postgis",
        "mysql",
        "mysql-server",
        "mariadb",
        "redis",
        "valkey",
        "memcached",
        "mongo",
        "opensearch",
        "elasticsearch",
        "rabbitmq",
        "kafka",
    ];
    let path = image.split(['@', ':']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    STORES.contains(&name)
}

fn process(file: &File<'_>, name: String, service: &Value) -> CodeProcess {
    let published = yaml::items(service, "ports")
        .into_iter()
        .filter_map(container_port);
    let exposed = yaml::items(service, "expose")
        .into_iter()
        .filter_map(container_port);
    let mut ports: Vec<u16> = published.chain(exposed).collect();
    ports.sort_unstable();
    ports.dedup();
    let check = service
        .get("healthcheck")
        .and_then(|check| yaml::exec_form(check.get("test")));
    let deploy = service
        .get("deploy")
        .and_then(|deploy| yaml::text(deploy, "replicas"));
    let instances = deploy.or_else(|| yaml::text(service, "scale"));
    CodeProcess {
        file: file.name.to_owned(),
        name,
        command: yaml::exec_form(service.get("command")).map(|command| scrubbed(&command)),
        ports,
        health_check: check.map(|check| scrubbed(&check)),
        instances: instances.and_then(|count| count.parse().ok()),
        user: yaml::text(service, "user"),
    }
}

/// The port inside: the last of `127.0.0.1:8080:80/tcp`, or `target` of the long form.
fn container_port(port: &Value) -> Option<u16> {
    let text = yaml::text(port, "target").or_else(|| yaml::scalar(port))?;
    let without_protocol = text.split('/').next()?;
    without_protocol.rsplit(':').next()?.parse().ok()
}

/// Names of the environment, told as a mapping or as `NAME=value` lines.
fn settings(service: &Value, code: &mut Codebase) {
    let named = yaml::entries(service, "environment")
        .into_iter()
        .map(|(name, _)| name);
    code.config_names.extend(named);
    for line in yaml::items(service, "environment") {
        if let Some(line) = yaml::scalar(line) {
            let name = line.split('=').next().unwrap_or_default();
            code.config_names.push(name.to_owned());
        }
    }
}
