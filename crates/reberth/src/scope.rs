//! What `reberth replicate` works on: the databases of a project folder, or the one pair that two environment variables name.

use reberth_model::policy::{DatabasePolicy, Policy};
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::sealed::SpoolPlan;
use reberth_replicate::{Address, Engine, ReplicateError, Secret};
use serde_json::{Value, json};

use crate::connections::{accounts_of_the_move, chosen, plan};
use crate::environment::{Environment, SOURCE_URL, TARGET_URL};
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::plan::{Plan, PostgresPlan};
use crate::project::Project;
use crate::record::Record;

/// Bytes that the spool of a database may take in the project folder; more is read from the source when the copy is done, or, of large transactions, when they commit.
const SPOOL_BYTES_MAX: u64 = 16 << 30;
/// Copy workers of a pair, as nobody has chosen a number in a policy.
const PAIR_WORKERS: usize = 4;

/// What a command works on.
pub(crate) enum Scope {
    /// Databases of a project folder, with its journal.
    Folder {
        /// The folder.
        project: Project,
        /// Those that the command is about.
        databases: Vec<DatabasePolicy>,
    },
    /// One database, from one server to another, without a folder and without a journal.
    Pair(Box<Pair>),
}

impl Scope {
    /// The project of the folder, if it is one; otherwise the pair of the environment. `database` is the one that the command names.
    pub(crate) fn resolve(
        project: &Project,
        environment: &Environment,
        database: Option<&str>,
        output: &Output,
    ) -> Result<Scope, Failure> {
        let named = [SOURCE_URL, TARGET_URL].map(|name| environment.get(name).is_some());
        match project.policy() {
            Ok(policy) => {
                if named != [false, false] {
                    output.note(format!(
                        "reberth.yaml is used; {SOURCE_URL} and {TARGET_URL} are not"
                    ));
                }
                Scope::of_folder(project, &policy.document, database)
            }
            Err(failure) if failure.is_no_project() && named == [false, false] => {
                Err(CliError::NothingToReplicate {
                    folder: project.path(""),
                }
                .into())
            }
            Err(failure) if failure.is_no_project() => {
                Ok(Scope::Pair(Box::new(pair_of(environment, database)?)))
            }
            Err(failure) => Err(failure),
        }
    }

    fn of_folder(
        project: &Project,
        policy: &Policy,
        database: Option<&str>,
    ) -> Result<Scope, Failure> {
        Ok(Scope::Folder {
            project: project.clone(),
            databases: chosen(policy, database)?.into_iter().cloned().collect(),
        })
    }

    /// The streams of one direction. PostgreSQL's servers are asked how they can be followed.
    pub(crate) async fn plans(
        &self,
        direction: Direction,
        environment: &Environment,
    ) -> Result<Vec<Plan>, Failure> {
        match (self, direction) {
            (Scope::Folder { project, databases }, _) => {
                let mut plans = Vec::new();
                for database in databases {
                    let mut plan = plan(database, direction, environment).await?;
                    let spool = Some(SpoolPlan {
                        folder: project.path(".reberth/spool"),
                        bytes_max: SPOOL_BYTES_MAX,
                    });
                    match (&mut plan, direction) {
                        (Plan::MySql(plan), Direction::Forward) => plan.spool = spool,
                        (Plan::MySql(_), Direction::Reverse) => {}
                        (Plan::Postgres(plan), _) => plan.stream.spool = spool,
                    }
                    plans.push(plan);
                }
                Ok(plans)
            }
            (Scope::Pair(pair), Direction::Forward) => Ok(vec![pair.plan().await?]),
            (Scope::Pair(_), Direction::Reverse) => Err(CliError::Argument {
                argument: "--reverse",
                given: "without a project folder".to_owned(),
                why: "a way back is armed by a cutover, which needs a project folder".to_owned(),
            }
            .into()),
        }
    }

    /// Every stream that there may be, in both directions.
    pub(crate) async fn all_plans(&self, environment: &Environment) -> Result<Vec<Plan>, Failure> {
        let mut plans = self.plans(Direction::Forward, environment).await?;
        if matches!(self, Scope::Folder { .. }) {
            plans.extend(self.plans(Direction::Reverse, environment).await?);
        }
        Ok(plans)
    }

    /// Who lists the accounts of a stream's source, and the names of Reberth's own there.
    pub(crate) fn accounts_of_the_move(
        &self,
        plan: &StreamPlan,
        environment: &Environment,
    ) -> Result<(Address, Vec<String>), Failure> {
        let of_policy = match self {
            Scope::Folder { databases, .. } => {
                databases.iter().find(|one| one.name == plan.database)
            }
            Scope::Pair(_) => None,
        };
        match of_policy {
            Some(database) => accounts_of_the_move(database, environment),
            None => Ok((plan.from.clone(), vec![plan.from.user().to_owned()])),
        }
    }

    /// The project folder, if there is one.
    pub(crate) fn project(&self) -> Option<&Project> {
        match self {
            Scope::Folder { project, .. } => Some(project),
            Scope::Pair(_) => None,
        }
    }

    /// Carries out `work` as a run in the journal, where there is one.
    pub(crate) async fn recorded<T>(
        &self,
        kind: &str,
        inputs: Value,
        work: impl Future<Output = Result<(T, Value), Failure>>,
    ) -> Result<T, Failure> {
        let Some(project) = self.project() else {
            return work.await.map(|(value, _)| value);
        };
        let record = Record::begin(project, kind, &inputs)?;
        record.end(work.await)
    }
}

/// Two addresses of one database, on two servers of one engine.
pub(crate) struct Pair {
    /// Its name on both sides.
    pub(crate) database: String,
    /// Where it is.
    pub(crate) from: Address,
    /// Where it goes.
    pub(crate) to: Address,
}

impl Pair {
    async fn plan(&self) -> Result<Plan, Failure> {
        let (database, from, to) = (self.database.clone(), self.from.clone(), self.to.clone());
        let direction = Direction::Forward;
        Ok(match from.engine() {
            Engine::MySql => Plan::MySql(StreamPlan {
                database,
                direction,
                from,
                to,
                workers: PAIR_WORKERS,
                spool: None,
                bytes_per_s_most: None,
                streams: 1,
            }),
            Engine::Postgres => Plan::Postgres(
                PostgresPlan::choose(&database, direction, from, to, PAIR_WORKERS).await?,
            ),
        })
    }
}

/// The pair of the environment.
fn pair_of(environment: &Environment, database: Option<&str>) -> Result<Pair, Failure> {
    let from = address(environment, SOURCE_URL, "source", None)?;
    let to = address(environment, TARGET_URL, "target", Some(from.engine()))?;
    let refuse = |role: &str, reason: String| ReplicateError::Address {
        role: role.to_owned(),
        reason,
    };
    let Some(name) = from.database().map(str::to_owned) else {
        let reason = "it names no database; write it behind the port, as in mysql://user:password@host:port/database".to_owned();
        return Err(refuse(SOURCE_URL, reason).into());
    };
    if let Some(other) = to.database().filter(|other| *other != name) {
        let reason = format!(
            "it names the database {other}, and the source's is {name}: a database keeps its name on its way"
        );
        return Err(refuse(TARGET_URL, reason).into());
    }
    if let Some(given) = database.filter(|given| *given != name) {
        let (given, why) = (
            given.to_owned(),
            format!("{SOURCE_URL} names the database {name}"),
        );
        return Err(CliError::Argument {
            argument: "--database",
            given,
            why,
        }
        .into());
    }
    if from.host() == to.host() {
        return Err(CliError::SamePlace {
            place: format!("{name} at {}", from.host()),
        }
        .into());
    }
    Ok(Pair {
        database: name,
        from,
        to,
    })
}

fn address(
    environment: &Environment,
    name: &str,
    side: &'static str,
    engine: Option<Engine>,
) -> Result<Address, ReplicateError> {
    let url = environment
        .get(name)
        .ok_or_else(|| ReplicateError::Address {
            role: name.to_owned(),
            reason: "the environment variable is not set".to_owned(),
        })?;
    let address = Address::parse(&Secret::new(url.trim()), name, side)?;
    if engine.is_none_or(|engine| engine == address.engine()) {
        return Ok(address);
    }
    Err(ReplicateError::Address {
        role: name.to_owned(),
        reason: "one address is of PostgreSQL, the other of MySQL: a database keeps its engine on its way".to_owned(),
    })
}

/// What a command's run is about, for the journal.
pub(crate) fn inputs(plans: &[Plan]) -> Value {
    let streams: Vec<Value> = plans
        .iter()
        .map(|plan| json!({ "database": plan.database(), "direction": plan.direction().word() }))
        .collect();
    json!({ "streams": streams })
}
