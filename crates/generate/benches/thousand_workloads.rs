//! How long it takes from an estate of a thousand workloads to the files of its target: designed, and generated.
//!
//! Once as the processes of 250 applications of a platform, and once as a thousand servers: 250 services, a database for every second of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use reberth_model::estate::{
    App, Attributes, Database, Estate, Process, Resource, Server, TrustedSource,
};
use reberth_model::policy::Policy;

const GROUPS: u32 = 250;
const KINDS: [(&str, &str); 4] = [
    ("web", "Standard-2X"),
    ("worker", "Standard-1X"),
    ("mailer", "Performance-M"),
    ("clock", "Basic"),
];
const ROUNDS: u32 = 5;

fn main() {
    measure("processes", &estate("heroku", processes()));
    measure("servers", &estate("digitalocean", servers()));
}

fn measure(what: &str, estate: &Estate) {
    let text = format!(
        "schema: 1\nproject: p\nsource: {{provider: {}}}\ntarget: {{region: us-east-1}}\n",
        estate.provider
    );
    let policy = Policy::parse(&text).expect("a policy");
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let design = reberth_design::design(estate, &policy, "", None).expect("a design");
        let designed = begun.elapsed();
        let (files, _) = reberth_generate::generate(&design).expect("files");
        let bytes: usize = files.values().map(Vec::len).sum();
        writeln!(
            std::io::stdout(),
            "1000 {what}: designed in {} ms, designed and generated in {} ms ({} files, {bytes} bytes)",
            designed.as_millis(),
            begun.elapsed().as_millis(),
            files.len(),
        )
        .expect("standard output takes a line");
    }
}

fn processes() -> Vec<Resource> {
    let mut resources = Vec::new();
    for index in 0..GROUPS {
        let app = format!("app-{index:03}");
        let stage = Some("production".to_owned());
        let own = App {
            stage,
            ..App::default()
        };
        resources.push(resource(app.clone(), Attributes::App(own)));
        for (kind, size) in KINDS {
            let instances = 1 + index % 5;
            let process = Process {
                app_id: app.clone(),
                instances,
                running: instances,
                size: size.to_owned(),
                ..Process::default()
            };
            resources.push(resource(
                format!("{app}/{kind}"),
                Attributes::Process(process),
            ));
        }
    }
    resources
}

fn servers() -> Vec<Resource> {
    let mut resources = Vec::new();
    for index in 0..GROUPS {
        let tag = format!("service{index:03}");
        for number in 1..=4 {
            let server = Server {
                size: "s-2vcpu-4gb".to_owned(),
                vcpus: 2,
                memory_mib: 4096,
                disk_gib: 80,
                status: "active".to_owned(),
                tags: vec![tag.clone()],
                ..Server::default()
            };
            resources.push(resource(
                format!("{tag}-{number}"),
                Attributes::Server(server),
            ));
        }
        if index % 2 == 0 {
            resources.push(resource(
                format!("{tag}-db"),
                Attributes::Database(database(&tag)),
            ));
        }
    }
    resources
}

fn database(tag: &str) -> Database {
    Database {
        engine: "mysql".to_owned(),
        version: "8.0.35".to_owned(),
        size: "db-s-2vcpu-4gb".to_owned(),
        nodes: 2,
        trusted_sources: Some(vec![TrustedSource {
            kind: "tag".to_owned(),
            value: tag.to_owned(),
        }]),
        ..Database::default()
    }
}

fn estate(provider: &str, resources: Vec<Resource>) -> Estate {
    Estate {
        schema: 1,
        provider: provider.to_owned(),
        account: None,
        counts: BTreeMap::new(),
        resources,
        edges: Vec::new(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

fn resource(name: String, attributes: Attributes) -> Resource {
    Resource {
        id: name.clone(),
        name,
        region: None,
        cost: None,
        attributes,
    }
}
