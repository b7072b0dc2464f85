//! Accounts of a platform that are larger and odder than the recorded one, made from it by counting.

use serde_json::{Value, json};

use super::estates::NAMES;
use super::recording::Recording;

/// Lists of the whole account that name an application in each item.
const ACCOUNT_LISTS: [&str; 2] = ["/addons", "/addon-attachments"];
const UUID_LENGTH: usize = 36;

impl Recording {
    /// The course platform's account with so many applications: copies of the recorded ones under other names, with their add-ons, and with fields and
    /// words that no version knows yet. `expect` tells how many of each there are.
    pub fn grown_platform(apps: u64) -> Recording {
        let mut recording = Recording::lms();
        let recorded = recording.list("/apps");
        for number in recorded.len() as u64..apps {
            let sample = &recorded[(number % recorded.len() as u64) as usize];
            recording.copy_app(sample, number);
        }
        for list in ["apps", "addons"] {
            recording.expect[list] = json!(recording.list(&format!("/{list}")).len());
        }
        for (key, service) in [
            ("postgres", "heroku-postgresql"),
            ("key_value", "heroku-redis"),
        ] {
            let addons = recording.list("/addons").into_iter();
            let count = addons.filter(|addon| addon["addon_service"]["name"] == service);
            recording.expect[key] = json!(count.count());
        }
        recording
    }

    fn copy_app(&mut self, sample: &Value, number: u64) {
        let name = text(&sample["name"]);
        let addons = self.list("/addons").into_iter();
        let own = addons.filter(|addon| addon["app"]["name"] == name);
        let names: Vec<String> = own.map(|addon| text(&addon["name"])).collect();
        let ids: Vec<String> = self.owned(&names);
        let copy = Copy {
            names: names.into_iter().chain([name.clone()]).collect(),
            number,
        };
        let root = format!("/apps/{name}");
        let is_own = |path: &str| {
            let rest = path.strip_prefix(&root);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || ids.iter().any(|id| path.contains(id.as_str()))
        };
        let paths: Vec<String> = self
            .paths()
            .into_iter()
            .filter(|path| is_own(path))
            .collect();
        for path in paths {
            if let Some(body) = self.body_mut(&path).map(|body| body.clone()) {
                let mut body = copy.of(&body);
                odd(&path, &mut body, number);
                self.add_object(&copy.of_text(&path), body);
            }
        }
        for list in ACCOUNT_LISTS {
            let items = self.list(list).into_iter();
            let own = items.filter(|item| item["app"]["name"] == name);
            let own: Vec<Value> = own.map(|item| copy.of(&item)).collect();
            self.extend(list, own);
        }
        let mut app = copy.of(sample);
        odd("/apps", &mut app, number);
        self.extend("/apps", vec![app]);
    }

    /// Ids and names of add-ons, by which the data services know them.
    fn owned(&mut self, names: &[String]) -> Vec<String> {
        let addons = self.list("/addons").into_iter();
        let own = addons.filter(|addon| names.contains(&text(&addon["name"])));
        own.flat_map(|addon| [text(&addon["id"]), text(&addon["name"])])
            .collect()
    }

    fn list(&mut self, path: &str) -> Vec<Value> {
        let body = self.body_mut(path).and_then(|body| body.as_array_mut());
        body.cloned().unwrap_or_default()
    }

    fn extend(&mut self, path: &str, items: Vec<Value>) {
        if let Some(list) = self.body_mut(path).and_then(Value::as_array_mut) {
            list.extend(items);
        }
    }
}

/// What a copy calls what the sample had.
struct Copy {
    names: Vec<String>,
    number: u64,
}

impl Copy {
    fn of(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.of_text(text)),
            Value::Array(items) => items.iter().map(|item| self.of(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(name, field)| (name.clone(), self.of(field)))
                    .collect()
            }
            other => other.clone(),
        }
    }

    /// Names end in the copy's number, and so does the middle of each identifier.
    fn of_text(&self, text: &str) -> String {
        let parts: Vec<String> = text.split('/').map(|part| self.of_part(part)).collect();
        parts.join("/")
    }

    fn of_part(&self, part: &str) -> String {
        if self.names.iter().any(|name| name == part) {
            return format!("{part}-{}", self.number);
        }
        match part.len() == UUID_LENGTH && part.matches('-').count() == 4 {
            true => format!("{}{:04x}{}", &part[..9], self.number, &part[13..]),
            false => part.to_owned(),
        }
    }
}

/// What no version knows yet, and text that is code somewhere else.
fn odd(path: &str, body: &mut Value, number: u64) {
    let name = NAMES[(number % NAMES.len() as u64) as usize];
    match path.rsplit('/').next() {
        Some("apps") => {
            body["field_of_tomorrow"] = json!({"nested": [1, null]});
            match number % 4 {
                0 => body["build_stack"] = Value::Null,
                1 => body["generation"] = json!({"id": "x", "name": "generation-of-tomorrow"}),
                2 => body["released_at"] = Value::Null,
                _ => body["slug_size"] = Value::Null,
            }
        }
        Some("formation") => body[0]["command"] = json!(format!("run {name}")),
        Some("config-vars") => body[name] = json!("a value"),
        Some("dynos") => body[0]["state"] = json!("state-of-tomorrow"),
        Some("domains") => body[0]["acm_status"] = json!(name),
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
