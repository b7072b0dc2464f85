//! The files of an application, read from a checkout.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use reberth_discover::checkout;
use reberth_model::estate::Codebase;
use reberth_testkit::replay::Recording;

use crate::harness::{TOKEN, bytes, discover_with};

struct Checkout(PathBuf);

impl Checkout {
    fn new(name: &str, files: &[(&str, &str)]) -> Checkout {
        let name = format!("reberth-checkout-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("it is in a folder"))
                .expect("the folder can be made");
            fs::write(path, text).expect("the file can be written");
        }
        Checkout(folder)
    }

    fn read(&self) -> Codebase {
        checkout::read(&self.0).expect("the folder is there")
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

const APP_JSON: &str = r#"{"env": {"SECRET_KEY_BASE": {"generator": "secret"}, "STRIPE_KEY": "RECORDED-FAKE-1"},
    "formation": {"web": {"quantity": 2, "size": "standard-1x"}}, "addons": ["heroku-postgresql:standard-0", {"plan": "heroku-redis:mini", "as": "CACHE"}],
    "buildpacks": [{"url": "heroku/ruby"}], "scripts": {"postdeploy": "rake db:seed API_TOKEN=RECORDED-FAKE-2"}}"#;

const COMPOSE: &str = r#"
x-base: &base
  environment:
    RAILS_ENV: production
    DB_PASSWORD: RECORDED-FAKE-3
  user: "1000"
services:
  web:
    <<: *base
    build: .
    command: ["puma", "-p", "3000"]
    ports: ["127.0.0.1:8080:3000/tcp", {target: 9394}]
    healthcheck: {test: [CMD, curl, -f, "http://localhost:3000/up"]}
    deploy: {replicas: 3}
  jobs:
    image: registry.example/shop/jobs:1
    environment: ["QUEUE=high", "SENTRY_DSN=https://RECORDED-FAKE-4@sentry.example/1"]
  db:
    image: docker.io/library/postgres:16-alpine
    environment: {POSTGRES_PASSWORD: RECORDED-FAKE-5}
"#;

const APP_SPEC: &str = r#"
spec:
  name: shop
  envs: [{key: RAILS_ENV, value: production}]
  services:
    - name: web
      github: {repo: shop/shop, branch: main}
      environment_slug: ruby-on-rails
      run_command: bin/rails server
      http_port: 3000
      instance_count: 2
      health_check: {http_path: /up}
      envs: [{key: API_KEY, type: SECRET, value: "EV[1:RECORDED-FAKE-6]"}]
  jobs:
    - {name: migrate, kind: PRE_DEPLOY, run_command: "bin/rails db:migrate"}
    - {name: nightly, kind: SCHEDULED, schedule: {cron: "0 3 * * *"}, run_command: bin/report}
  databases:
    - {name: db, engine: PG, version: "16"}
"#;

const HEROKU_YML: &str = r#"
setup: {addons: [{plan: "heroku-postgresql", as: DATABASE}], config: {RACK_ENV: production}}
build: {docker: {web: Dockerfile, worker: worker/Dockerfile}, config: {NODE_ENV: production}}
release: {image: web, command: [rake db:migrate]}
run: {web: bundle exec puma}
"#;

#[test]
fn every_kind_of_file_is_read() {
    let files = Checkout::new(
        "all",
        &[
            ("Procfile", "web: bin/web\nrelease: rake release\n"),
            ("app.json", APP_JSON),
            ("docker-compose.yml", COMPOSE),
            (".do/app.yaml", APP_SPEC),
            ("heroku.yml", HEROKU_YML),
            ("Dockerfile", "FROM ruby:3.3\nEXPOSE 3000\nCMD bin/web\n"),
            ("crontab", "*/5 * * * * bin/tick --token RECORDED-FAKE-7\n"),
            (".ruby-version", "3.3.0\n"),
            ("Gemfile", "gem 'rails'\nruby '3.3.0'\n"),
            ("config/schedule.rb", "every 1.day do\nend\n"),
        ],
    );
    let code = files.read();
    assert_eq!(code.build, ["dockerfile", "image", "buildpack"]);
    assert_eq!(code.buildpacks, ["heroku/ruby", "ruby-on-rails", "ruby"]);
    let of = |file: &str, name: &str| {
        let found = code
            .processes
            .iter()
            .find(|process| process.file == file && process.name == name);
        found
            .unwrap_or_else(|| panic!("{file} {name}: {:?}", code.processes))
            .clone()
    };
    let web = of("docker-compose.yml", "web");
    assert_eq!(
        (web.ports, web.instances, web.user.as_deref()),
        (vec![3000, 9394], Some(3), Some("1000"))
    );
    assert_eq!(
        web.health_check.as_deref(),
        Some("CMD curl -f http://localhost:3000/up")
    );
    assert_eq!(of("docker-compose.yml", "jobs").command, None);
    assert_eq!(of("app.json", "web").instances, Some(2));
    let web = of(".do/app.yaml", "web");
    assert_eq!(
        (web.ports, web.health_check.as_deref()),
        (vec![3000], Some("/up"))
    );
    assert_eq!(
        of("heroku.yml", "web").command.as_deref(),
        Some("bundle exec puma")
    );
    of("heroku.yml", "worker");
    of("Dockerfile", "image");
    assert_eq!(
        code.release_commands,
        [
            "bin/rails db:migrate",
            "rake db:migrate",
            "rake db:seed API_TOKEN=[redacted]",
            "rake release"
        ]
    );
    let schedules: Vec<&str> = code
        .schedules
        .iter()
        .map(|entry| entry.schedule.as_str())
        .collect();
    assert_eq!(schedules, ["0 3 * * *", "*/5 * * * *"]);
    let services: Vec<&str> = code
        .services
        .iter()
        .map(|service| service.what.as_str())
        .collect();
    assert_eq!(
        services,
        [
            "pg:16",
            "heroku-postgresql:standard-0",
            "heroku-redis:mini",
            "docker.io/library/postgres:16-alpine",
            "heroku-postgresql"
        ]
    );
    for name in [
        "SECRET_KEY_BASE",
        "STRIPE_KEY",
        "DB_PASSWORD",
        "SENTRY_DSN",
        "API_KEY",
        "NODE_ENV",
        "RACK_ENV",
    ] {
        assert!(
            code.config_names.iter().any(|known| known == name),
            "{name}"
        );
    }
    assert_eq!(code.unread[0].file, "config/schedule.rb");
    assert_eq!(code.unread.len(), 1, "{:?}", code.unread);
    assert!(!format!("{code:?}").contains("RECORDED-FAKE"));
}

#[test]
fn a_hostile_checkout_is_named_and_not_followed() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\nservices: {x: *f}\n";
    let deep = "[".repeat(100_000);
    let large = " ".repeat(1024 * 1024 + 1);
    let files = Checkout::new(
        "hostile",
        &[
            ("compose.yaml", bomb),
            ("heroku.yml", deep.as_str()),
            ("app.json", deep.as_str()),
            ("docker-compose.yml", large.as_str()),
            ("Procfile", "\u{feff}web: a\n\u{1b}[2J: b\n"),
            (".do/app.yaml", "services: 7\n"),
            ("Dockerfile", "RUN <<EOF\nnever ends"),
        ],
    );
    std::os::unix::fs::symlink("/etc/passwd", files.0.join("crontab")).unwrap();
    fs::write(files.0.join("runtime.txt"), [0xff, 0xfe]).unwrap();
    let code = files.read();
    let unread: BTreeMap<&str, &str> = code
        .unread
        .iter()
        .map(|entry| (entry.file.as_str(), entry.reason.as_str()))
        .collect();
    for (file, reason) in [
        ("heroku.yml", "YAML"),
        ("app.json", "form"),
        ("docker-compose.yml", "larger"),
        ("Procfile", "lines that name no process: 2"),
        ("Dockerfile", "no FROM"),
        ("crontab", "link"),
        ("runtime.txt", "UTF-8"),
    ] {
        assert!(
            unread.get(file).is_some_and(|told| told.contains(reason)),
            "{file}: {unread:?}"
        );
    }
    assert!(code.schedules.is_empty());
    assert_eq!(
        code.processes
            .iter()
            .filter(|process| process.file == "Procfile")
            .count(),
        1
    );
}

#[test]
fn a_checkout_joins_its_application() {
    let folder = Checkout::new(
        "join",
        &[
            (
                ".git/config",
                "[remote \"heroku\"]\n\turl = https://git.heroku.com/shop.git\n",
            ),
            ("Procfile", "web: bin/web\n"),
        ],
    );
    assert_eq!(checkout::name(&folder.0), "shop");
    let mut recording = Recording::edtech();
    recording.add_list(
        "/v2/apps",
        "apps",
        vec![serde_json::json!({"id": "app-1", "spec": {"name": "shop"}})],
    );
    recording.add_list("/v2/apps/app-1/alerts", "alerts", Vec::new());
    let mut estate = discover_with(recording, &[], TOKEN).0.unwrap();
    checkout::add(
        &mut estate,
        BTreeMap::from([
            ("shop".to_owned(), folder.read()),
            ("unknown".to_owned(), Codebase::default()),
        ]),
    );
    assert_eq!(estate.counts["codebase"], 2);
    let has = |from: &str, to: &str| {
        estate
            .edges
            .iter()
            .any(|edge| edge.from == from && edge.to == to && edge.relation == "uses")
    };
    assert!(has("app-1", "codebase/shop"));
    let kinds: Vec<&str> = estate
        .resources
        .iter()
        .map(|resource| resource.attributes.kind())
        .collect();
    assert!(kinds.is_sorted());
    assert!(bytes(&estate).contains("codebase/unknown"));
}
