//! The provider of AWS with a folder in the place of AWS.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

use serde_json::{Value, json};

use super::{python, repository, scratch, start};

/// A running provider (`tools/stub-provider`), and the folder that it takes for AWS. It ends, and the folder goes, when it is dropped.
#[derive(Debug)]
pub struct Cloud {
    folder: PathBuf,
    child: Child,
}

impl Cloud {
    /// Starts one with nothing in it.
    pub fn start(name: &str) -> io::Result<Self> {
        let folder = scratch(&format!("cloud-{name}"))?;
        let mut command = Command::new(python("python")?);
        command
            .arg(repository().join("tools/stub-provider"))
            .arg(&folder);
        let reattach = folder.join("reattach.json");
        let child = start(command, "the stub of the provider", || reattach.exists())?;
        Ok(Self { folder, child })
    }

    /// What a process needs to find it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let reattach = fs::read_to_string(self.folder.join("reattach.json")).unwrap_or_default();
        let mut environment = super::environment();
        environment.push(("TF_REATTACH_PROVIDERS".to_owned(), reattach));
        environment
    }

    /// Steers it: `{"fail": [...], "replace": [...], "slow_s": {...}}`.
    pub fn control(&self, control: &Value) -> io::Result<()> {
        let new = self.folder.join("control.new");
        fs::write(&new, control.to_string())?;
        fs::rename(new, self.folder.join("control.json"))
    }

    /// From now on every act waits until [`Cloud::release`].
    pub fn hold(&self) -> io::Result<()> {
        fs::write(self.folder.join("hold"), "")
    }

    /// Lets the acts that wait go on.
    pub fn release(&self) -> io::Result<()> {
        fs::remove_file(self.folder.join("hold"))
    }

    /// What was done, such as `create aws_vpc vpc-1`.
    pub fn effects(&self) -> Vec<String> {
        self.lines("effects.log")
    }

    /// What was begun.
    pub fn begun(&self) -> Vec<String> {
        self.lines("begun.log")
    }

    /// The objects that exist, by id, with their types.
    pub fn objects(&self) -> io::Result<BTreeMap<String, Value>> {
        let mut objects = BTreeMap::new();
        for entry in fs::read_dir(self.folder.join("objects"))? {
            let path = entry?.path();
            let id = path.file_stem().unwrap_or_default().to_string_lossy();
            objects.insert(id.into_owned(), serde_json::from_slice(&fs::read(&path)?)?);
        }
        Ok(objects)
    }

    /// Makes an object that Terraform knows nothing of, with some of its values.
    pub fn make(&self, kind: &str, id: &str, values: Value) -> io::Result<()> {
        let path = self.folder.join("objects").join(format!("{id}.json"));
        fs::write(path, json!({ "type": kind, "values": values }).to_string())
    }

    /// Changes one value of an object behind Terraform's back.
    pub fn change(&self, id: &str, field: &str, value: Value) -> io::Result<()> {
        let path = self.folder.join("objects").join(format!("{id}.json"));
        let mut object: Value = serde_json::from_slice(&fs::read(&path)?)?;
        object["values"][field] = value;
        fs::write(path, json!(object).to_string())
    }

    /// Removes an object behind Terraform's back.
    pub fn remove(&self, id: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join("objects").join(format!("{id}.json")))
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}
