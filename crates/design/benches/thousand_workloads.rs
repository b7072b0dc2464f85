//! How long it takes to design a platform of a thousand workloads, the placement check included, and to draw its page.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use reberth_model::estate::{App, Attributes, Estate, Process, Resource};
use reberth_model::policy::Policy;

const APPLICATIONS: u32 = 250;
const KINDS: [(&str, &str); 4] = [
    ("web", "Standard-2X"),
    ("worker", "Standard-1X"),
    ("mailer", "Performance-M"),
    ("clock", "Basic"),
];
const ROUNDS: u32 = 5;

fn main() {
    let estate = estate();
    let policy = Policy::parse(
        "schema: 1\nproject: p\nsource: {provider: heroku}\ntarget: {region: us-east-1}\n",
    )
    .expect("a policy");
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let design = reberth_design::design(&estate, &policy, "", None).expect("a design");
        let designed = begun.elapsed();
        let written = reberth_design::page(&design, &[]).len();
        let pods = design.platform.iter().flat_map(|own| &own.placements);
        let pods: u64 = pods
            .flat_map(|own| &own.scenarios)
            .map(|own| own.pods)
            .max()
            .unwrap_or(0);
        writeln!(
            std::io::stdout(),
            "{} workloads, {pods} pods at most: designed in {} ms, designed and drawn in {} ms ({written} bytes)",
            APPLICATIONS as usize * KINDS.len(),
            designed.as_millis(),
            begun.elapsed().as_millis()
        )
        .expect("standard output takes a line");
    }
}

fn estate() -> Estate {
    let mut resources = Vec::new();
    for index in 0..APPLICATIONS {
        let app = format!("app-{index:03}");
        resources.push(resource(
            app.clone(),
            app.clone(),
            Attributes::App(App {
                stage: Some("production".to_owned()),
                ..App::default()
            }),
        ));
        for (kind, size) in KINDS {
            let instances = 1 + index % 5;
            let process = Process {
                app_id: app.clone(),
                instances,
                running: instances,
                size: size.to_owned(),
                ..Process::default()
            };
            let name = format!("{app}/{kind}");
            resources.push(resource(name.clone(), name, Attributes::Process(process)));
        }
    }
    Estate {
        schema: 1,
        provider: "heroku".to_owned(),
        account: None,
        counts: BTreeMap::new(),
        resources,
        edges: Vec::new(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

fn resource(id: String, name: String, attributes: Attributes) -> Resource {
    Resource {
        id,
        name,
        region: None,
        cost: None,
        attributes,
    }
}
