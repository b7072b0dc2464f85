//! Sites of web servers. Only names, upstreams and folders are known of them, so what is written is a beginning: a
//! file that comes with the release is never touched.

use reberth_model::design::{FoundSite, Service};
use std::collections::BTreeMap;

use super::bash::{array, word};
use super::steps::{Phase, Step, lines, step};

const NGINX: &str = "nginx";

/// The steps for the sites of a service.
pub(super) fn steps(service: &Service) -> Vec<Step> {
    let sites = &service.arrival.contents.sites;
    let mut by_file: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for site in sites {
        let written = by_file.entry((&site.server, &site.file)).or_default();
        written.extend(match site.server.as_str() {
            NGINX => nginx(site, port(service, site)),
            _ => apache(site, port(service, site)),
        });
    }
    let mut steps = Vec::new();
    for (index, ((_, file), written)) in by_file.iter().enumerate() {
        let name = format!("Site{}", index + 1);
        steps.push(step(Phase::Build, &name, file_script(file, written)));
    }
    let has = |server: &str| {
        sites
            .iter()
            .any(|site| (site.server == NGINX) == (server == NGINX))
    };
    if has(NGINX) {
        steps.push(step(Phase::Validate, "Nginx", lines(&["nginx -t"])));
    }
    if has("apache") {
        let script =
            ["if command -v apachectl >/dev/null; then apachectl configtest; else httpd -t; fi"];
        steps.push(step(Phase::Validate, "Apache", lines(&script)));
    }
    steps
}

/// Where the load balancer looks, unless the application behind the site listens there itself.
fn port(service: &Service, site: &FoundSite) -> u16 {
    const HTTP: u16 = 80;
    let port = service
        .target_group
        .as_ref()
        .map_or(HTTP, |target| target.port);
    let is_taken = site
        .upstreams
        .iter()
        .any(|upstream| upstream.ends_with(&format!(":{port}")));
    if is_taken { HTTP } else { port }
}

fn file_script(file: &str, written: &[String]) -> Vec<String> {
    let mut script = vec![
        format!("file={}", word(file)),
        "if [ -e \"$file\" ]; then echo \"$file came with a package or the release\"; exit 0; fi"
            .to_owned(),
        "mkdir -p \"$(dirname \"$file\")\"".to_owned(),
    ];
    if file.contains("apache") {
        script.push(
            "if command -v a2enmod >/dev/null; then a2enmod -q proxy proxy_http; fi".to_owned(),
        );
    }
    script.extend(array("lines", written.iter().map(|line| word(line))));
    script.push("printf '%s\\n' \"${lines[@]}\" > \"$file\"".to_owned());
    script
}

fn nginx(site: &FoundSite, port: u16) -> Vec<String> {
    let mut written = vec![
        "# Made from the names, upstreams and folders that were found: compare it with the one of the source.".to_owned(),
        "server {".to_owned(),
        format!("  listen {port};"),
        format!("  server_name {};", if site.names.is_empty() { "_".to_owned() } else { site.names.join(" ") }),
    ];
    written.extend(site.roots.first().map(|root| format!("  root {root};")));
    if let Some(upstream) = site.upstreams.first() {
        if site.roots.is_empty() {
            written.push("  location / {".to_owned());
        } else {
            written.extend(lines(&[
                "  location / {",
                "    try_files $uri @application;",
                "  }",
                "  location @application {",
            ]));
        }
        written.extend(lines(&[
            "    proxy_set_header Host $host;",
            "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
            "    proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;",
        ]));
        written.push(format!("    proxy_pass http://{upstream};"));
        written.push("  }".to_owned());
    }
    written.push("}".to_owned());
    written
}

fn apache(site: &FoundSite, port: u16) -> Vec<String> {
    let mut written = vec![
        "# Made from the names, upstreams and folders that were found: compare it with the one of the source.".to_owned(),
        format!("<VirtualHost *:{port}>"),
    ];
    let mut names = site.names.iter();
    written.extend(names.next().map(|name| format!("  ServerName {name}")));
    written.extend(names.map(|name| format!("  ServerAlias {name}")));
    written.extend(
        site.roots
            .first()
            .map(|root| format!("  DocumentRoot {root}")),
    );
    if let Some(upstream) = site.upstreams.first() {
        written.push(format!("  ProxyPass / http://{upstream}/"));
        written.push(format!("  ProxyPassReverse / http://{upstream}/"));
    }
    written.push("</VirtualHost>".to_owned());
    written
}
