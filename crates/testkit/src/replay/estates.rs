//! Accounts larger and odder than the recorded ones, made from them by counting.

use serde_json::{Value, json};

use super::recording::Recording;

/// Names as people and attackers give them: every script, and text that is code or a command somewhere else.
pub const NAMES: [&str; 12] = [
    "web-01",
    "größe-münchen",
    "学习平台",
    "منصة-التعلم",
    "पाठशाला",
    "учёба 🚀",
    "a\u{1b}[2Jb\nc\td",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://evil.example\")",
    "| cell | [link](javascript:alert(1)) `code`",
    "'; DROP TABLE servers; --",
    "\u{202e}gnp.exe\u{200b}",
];

/// How large an account is to be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Servers, each with 14 days of measurements.
    pub servers: u64,
    /// Database clusters, each with its parts.
    pub databases: u64,
    /// Records of one DNS zone.
    pub records: u64,
}

impl Recording {
    /// The learning platform's account, grown to `size`, with fields and words that no version knows yet.
    pub fn grown(size: Size) -> Recording {
        let mut recording = Recording::edtech();
        recording.grow_servers(size.servers);
        recording.grow_databases(size.databases);
        recording.grow_records(size.records);
        recording
    }

    fn grow_servers(&mut self, count: u64) {
        let sample = self.first("/v2/droplets", "droplets");
        let servers = (0..count).map(|number| {
            let mut server = sample.clone();
            server["id"] = json!(900_000_000 + number);
            server["name"] = name(number, "server");
            server["tags"] = json!([NAMES[index(number)]]);
            match number % 5 {
                0 => server["field_of_tomorrow"] = json!({"nested": [1, null, {"a": "b"}]}),
                1 => server["status"] = json!("state-of-tomorrow"),
                2 => server["size"] = Value::Null,
                3 => server["networks"] = Value::Null,
                _ => server["image"] = json!({"name": null}),
            }
            server
        });
        let servers = servers.collect();
        self.add_list("/v2/droplets", "droplets", servers);
        for metric in ["cpu", "memory_total", "memory_available"] {
            let path = format!("/v2/monitoring/metrics/droplet/{metric}");
            if let Some(body) = self.body_mut(&path) {
                let body = body.clone();
                self.add_object(&path, body);
            }
        }
    }

    fn grow_databases(&mut self, count: u64) {
        let sample = self.first("/v2/databases", "databases");
        let parts = [
            "users",
            "firewall",
            "dbs",
            "replicas",
            "backups",
            "config",
            "sql_mode",
            "autoscale",
        ];
        let old = format!(
            "/v2/databases/{}",
            sample["id"].as_str().unwrap_or_default()
        );
        let engines = ["mysql", "mysql", "mysql", "engine-of-tomorrow"];
        let mut databases = Vec::new();
        for number in 0..count {
            let mut database = sample.clone();
            let id = format!("dddddddd-0000-4000-8000-{number:012}");
            for part in parts {
                let recorded = self.body_mut(&format!("{old}/{part}"));
                if let Some(mut body) = recorded.map(|body| body.clone()) {
                    renumber_replicas(&mut body, number);
                    self.add_object(&format!("/v2/databases/{id}/{part}"), body);
                }
            }
            database["id"] = json!(id);
            database["name"] = name(number, "database");
            database["engine"] = json!(engines[(number % 4) as usize]);
            databases.push(database);
        }
        self.add_object("/v2/databases", json!({ "databases": databases }));
    }

    fn grow_records(&mut self, count: u64) {
        let zone = "large.example";
        let zones = ["first.example", zone].map(|name| json!({"name": name, "ttl": 1800}));
        self.add_list("/v2/domains", "domains", zones.to_vec());
        self.add_list(
            "/v2/domains/first.example/records",
            "domain_records",
            Vec::new(),
        );
        let kinds = ["A", "CNAME", "TXT", "MX", "KIND-OF-TOMORROW"];
        let records = (0..count).map(|number| {
            json!({"id": number + 1, "type": kinds[(number % 5) as usize], "name": format!("host-{number}"),
                "data": NAMES[index(number)], "ttl": null, "priority": null})
        });
        let records = records.collect();
        self.add_list(
            &format!("/v2/domains/{zone}/records"),
            "domain_records",
            records,
        );
    }

    fn first(&mut self, path: &str, key: &str) -> Value {
        let body = self.body_mut(path);
        body.map_or(Value::Null, |body| body[key][0].clone())
    }
}

/// Copies of one cluster have replicas of their own.
fn renumber_replicas(body: &mut Value, number: u64) {
    for replica in body["replicas"].as_array_mut().into_iter().flatten() {
        replica["id"] = json!(format!("eeeeeeee-0000-4000-8000-{number:012}"));
    }
}

fn name(number: u64, what: &str) -> Value {
    json!(format!("{} {what} {number}", NAMES[index(number)]))
}

fn index(number: u64) -> usize {
    (number % NAMES.len() as u64) as usize
}
