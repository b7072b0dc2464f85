//! The kinds of resource of a platform that runs applications, rather than servers.

use serde::{Deserialize, Serialize};

/// Attributes of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The base image its processes run on, for example `heroku-22`, or `container`.
    pub stack: String,
    /// How the platform says the stack stands: `public`, `beta`, `deprecated`, …
    pub stack_state: Option<String>,
    /// The base image that new applications get.
    pub default_stack: Option<String>,
    /// Generation of the platform's runtime.
    pub generation: Option<String>,
    /// The team it belongs to.
    pub team: Option<String>,
    /// The private space it runs in.
    pub space: Option<String>,
    /// Whether only its private network reaches it.
    pub internal: bool,
    /// Whether it is in maintenance, that is, serves nobody.
    pub maintenance: bool,
    /// `test`, `review`, `development`, `staging` or `production`.
    pub stage: Option<String>,
    /// Whether it was made for one change under review.
    pub is_review_app: bool,
    /// The host name that the platform gave it.
    pub web_host: Option<String>,
    /// Buildpacks in their order.
    pub buildpacks: Vec<String>,
    /// Command that runs once with each release.
    pub release_command: Option<String>,
    /// Revision of the code that runs now.
    pub commit: Option<String>,
    /// Number of the release that runs now.
    pub release: Option<u64>,
    /// When it was last released (RFC 3339).
    pub released_at: Option<String>,
    /// Bytes of the built code.
    pub slug_bytes: Option<u64>,
    /// Names of features that are switched on, ordered.
    pub features: Vec<String>,
    /// Settings that the processes get as environment, ordered by name. `None`: not visible.
    pub config: Option<Vec<ConfigVar>>,
}

/// One setting of an application. Its value is never held.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ConfigVar {
    /// Its name.
    pub name: String,
    /// A fingerprint of its value under the project's own key: equal values have equal fingerprints, and nothing else can be read from it.
    pub fingerprint: String,
    /// The host that the value points to, when it is an address.
    pub host: Option<String>,
}

/// Attributes of a kind of process of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Id of the application.
    pub app_id: String,
    /// What it runs.
    pub command: String,
    /// Instances that should run.
    pub instances: u32,
    /// Instances that were running.
    pub running: u32,
    /// The platform's size name.
    pub size: String,
    /// Memory of one instance in MiB.
    pub memory_mib: Option<u64>,
    /// Whether an instance has its processors for itself.
    pub dedicated: Option<bool>,
    /// Use of one instance as measured; `None` when nobody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<ProcessUtilisation>,
}

/// What was measured of the instances of a kind of process over a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessUtilisation {
    /// Length of the window in hours.
    pub window_hours: u64,
    /// Number of samples.
    pub samples: u64,
    /// 95th percentile of one instance's processor use, in thousandths of a processor.
    pub cpu_p95_millis: Option<u64>,
    /// Highest memory use of one instance seen, in MiB.
    pub memory_max_mib: Option<u64>,
}

/// Attributes of work that runs at times, rather than always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Id of the application.
    pub app_id: String,
    /// What it runs.
    pub command: String,
    /// When it runs, as far as known.
    pub schedule: Option<String>,
    /// Where it was seen: `release`, `one_off`, `import`, `log`.
    pub seen_in: String,
}

/// Attributes of a service that was added to an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Addon {
    /// The service, for example `heroku-postgresql`.
    pub service: String,
    /// The plan, for example `premium-4`.
    pub plan: String,
    /// Id of the application that owns it and pays for it.
    pub app_id: Option<String>,
    /// Ids of further applications that use it, ordered: they move together with its owner.
    pub shared_with: Vec<String>,
    /// Names of the settings it gives, ordered.
    pub config_vars: Vec<String>,
    /// `provisioned`, …
    pub state: Option<String>,
}

/// Attributes of a place where logs are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogDrain {
    /// Id of the application.
    pub app_id: String,
    /// Host that receives the logs; the rest of the address may hold a secret.
    pub host: Option<String>,
    /// Id of the add-on that made it, if one did.
    pub addon_id: Option<String>,
}

/// Attributes of a person with access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Role in the team: `admin`, `member`, …; `None` for someone who only collaborates on applications.
    pub role: Option<String>,
    /// Whether a second factor is set up. `None`: not visible.
    pub second_factor: Option<bool>,
    /// Whether the person signs in through the team's own identity provider. `None`: not visible.
    pub federated: Option<bool>,
    /// Ids of the applications the person collaborates on, ordered.
    pub app_ids: Vec<String>,
}

/// Attributes of a chain of applications through which a change goes to production.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Number of applications made for changes under review. `None`: not visible.
    pub review_apps: Option<u64>,
    /// Whether a change under review gets an application by itself. `None`: not visible.
    pub automatic_review_apps: Option<bool>,
    /// Whether applications under review are removed after a while. `None`: not visible.
    pub removes_stale_apps: Option<bool>,
}
