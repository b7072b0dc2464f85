//! Probes both servers before anything is moved, and assumes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connection::{Session, Tls};
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema};
use crate::mysql::server::{self, Flavour};
use crate::mysql::state;
use crate::mysql::value::quote_name;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was probed.
    pub subject: String,
    /// What it means.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
}

/// What a finding means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Needs care, which Reberth takes; this is how.
    Handled(String),
    /// Nothing may start before the remedy is done.
    Blocker(String),
}

/// The result of a preflight: findings, and what would be moved.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// In the order of probing.
    pub findings: Vec<Finding>,
    /// The schema, when it could be read.
    pub schema: Option<Schema>,
}

impl Preflight {
    /// Blockers as lines.
    pub fn blockers(&self) -> Vec<String> {
        let line = |finding: &Finding| match &finding.verdict {
            Verdict::Blocker(remedy) => {
                Some(format!("{}: {} ({remedy})", finding.subject, finding.seen))
            }
            _ => None,
        };
        self.findings.iter().filter_map(line).collect()
    }

    /// An error if anything blocks.
    pub fn require(&self) -> Result<(), ReplicateError> {
        let blockers = self.blockers();
        if blockers.is_empty() {
            Ok(())
        } else {
            Err(ReplicateError::Blocked(blockers))
        }
    }

    fn note(&mut self, subject: &str, verdict: Verdict, seen: impl Into<String>) {
        self.findings.push(Finding {
            subject: subject.to_owned(),
            verdict,
            seen: seen.into(),
        });
    }

    fn expect(&mut self, subject: &str, is_fine: bool, seen: impl Into<String>, remedy: &str) {
        self.note(
            subject,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Blocker(remedy.to_owned())
            },
            seen,
        );
    }
}

/// Probes both sides of a stream.
pub async fn run(plan: &StreamPlan) -> Result<Preflight, ReplicateError> {
    let mut found = Preflight {
        findings: Vec::new(),
        schema: None,
    };
    let mut source = server::reader(&plan.from).await?;
    let mut target = server::writer(&plan.to).await?;
    let source_version = server::version(&mut source).await?;
    let target_version = server::version(&mut target).await?;
    found.note("source server", Verdict::Fine, source_version.text.clone());
    found.note("target server", Verdict::Fine, target_version.text.clone());
    for (name, address) in [
        ("source connection", &plan.from),
        ("target connection", &plan.to),
    ] {
        let verdict = if address.tls() == Tls::Off {
            Verdict::Handled(
                "encryption was turned off by tls=off; rows travel in the clear".to_owned(),
            )
        } else {
            Verdict::Fine
        };
        found.note(name, verdict, format!("{:?}", address.tls()));
    }
    probe_log(&mut source, "source", source_version.flavour, &mut found).await?;
    probe_log(&mut target, "target", target_version.flavour, &mut found).await?;
    probe_reader(plan, &mut source, &mut found).await?;
    match schema::read(&mut source, &plan.database).await {
        Ok(schema) => {
            probe_schema(&schema, &mut found);
            probe_read_only(&mut source, &schema, &mut found).await?;
            probe_target(plan, &mut source, &mut target, &schema, &mut found).await?;
            found.schema = Some(schema);
        }
        Err(error) if error.may_retry() => return Err(error),
        Err(error) => found.note(
            "schema",
            Verdict::Blocker(error.hint().to_owned()),
            error.to_string(),
        ),
    }
    Ok(found)
}

async fn variables(session: &mut Session) -> Result<BTreeMap<String, String>, ReplicateError> {
    let names = "'log_bin','binlog_format','binlog_row_image','log_bin_compress','binlog_transaction_compression','binlog_row_value_options',\
                 'expire_logs_days','binlog_expire_logs_seconds','max_allowed_packet','lower_case_table_names','event_scheduler'";
    let rows: Vec<(String, String)> = session
        .rows(
            "reading the server's settings",
            format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"),
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_ascii_uppercase()))
        .collect())
}

async fn probe_log(
    session: &mut Session,
    side: &str,
    flavour: Flavour,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let settings = variables(session).await?;
    let setting = |name: &str| settings.get(name).map_or("", String::as_str);
    for (name, wanted, remedy) in [
        ("log_bin", "ON", "turn the binary log on"),
        ("binlog_format", "ROW", "set binlog_format=ROW"),
        ("binlog_row_image", "FULL", "set binlog_row_image=FULL"),
    ] {
        // MySQL 9 has row logging only and may hide the setting.
        let is_fine =
            setting(name) == wanted || (setting(name).is_empty() && flavour == Flavour::MySql);
        found.expect(&format!("{side} {name}"), is_fine, setting(name), remedy);
    }
    for name in ["log_bin_compress", "binlog_transaction_compression"] {
        found.expect(
            &format!("{side} {name}"),
            setting(name) != "ON",
            setting(name),
            &format!("set {name}=OFF: this version does not read compressed events"),
        );
    }
    found.expect(
        &format!("{side} partial JSON"),
        setting("binlog_row_value_options").is_empty(),
        setting("binlog_row_value_options"),
        "set binlog_row_value_options to empty",
    );
    let seconds: f64 = match (
        setting("binlog_expire_logs_seconds").parse::<f64>(),
        setting("expire_logs_days").parse::<f64>(),
    ) {
        (Ok(seconds), _) if seconds > 0.0 => seconds,
        (_, Ok(days)) if days > 0.0 => days * 86_400.0,
        _ => f64::INFINITY,
    };
    let verdict = if seconds < 86_400.0 {
        Verdict::Blocker("keep the binary log for a day at least: the copy must end, and an outage be mended, before the log is gone".to_owned())
    } else {
        Verdict::Fine
    };
    found.note(
        &format!("{side} log retention"),
        verdict,
        if seconds.is_finite() {
            format!("{seconds:.0} s")
        } else {
            "unlimited".to_owned()
        },
    );
    Ok(())
}

async fn probe_reader(
    plan: &StreamPlan,
    source: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let flavour = server::version(source).await?.flavour;
    let opened = async {
        let end = server::log_end(source, flavour).await?;
        let schema = Schema {
            database: plan.database.clone(),
            charset: String::new(),
            collation: String::new(),
            tables: BTreeMap::new(),
            foreign_keys: Vec::new(),
            programs: BTreeMap::new(),
        };
        plan.open_log("preflight", schema, end).await.map(drop)
    };
    match opened.await {
        Ok(()) => found.note(
            "right to read the log",
            Verdict::Fine,
            format!("{} opened it", plan.from.user()),
        ),
        Err(error) if error.may_retry() => return Err(error),
        Err(error) => found.note(
            "right to read the log",
            Verdict::Blocker(
                "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the reader".to_owned(),
            ),
            error.to_string(),
        ),
    }
    match server::undecided_transactions(source).await? {
        Some(0) => found.note("prepared transactions", Verdict::Fine, "none"),
        Some(count) => found.note(
            "prepared transactions",
            Verdict::Blocker("commit or roll back what XA RECOVER lists".to_owned()),
            format!("{count} undecided"),
        ),
        None => found.note(
            "prepared transactions",
            Verdict::Handled(
                "the reader may not list them; make sure that the application uses no XA"
                    .to_owned(),
            ),
            "not visible",
        ),
    }
    Ok(())
}

fn probe_schema(schema: &Schema, found: &mut Preflight) {
    let bytes: u64 = schema.tables.values().map(|table| table.data_bytes).sum();
    found.note(
        "size",
        Verdict::Fine,
        format!(
            "{} tables, {} MB of rows by the server's estimate",
            schema.tables.len(),
            bytes / 1_000_000
        ),
    );
    for table in schema.tables.values() {
        let subject = format!("table {}", table.name);
        if !table.engine.eq_ignore_ascii_case("InnoDB") {
            found.note(
                &subject,
                Verdict::Blocker(
                    "convert it to InnoDB: rows of other engines cannot be read at one moment"
                        .to_owned(),
                ),
                format!("engine {}", table.engine),
            );
        } else if !table.has_key() {
            found.note(
                &subject,
                Verdict::Handled(
                    "copied whole in one snapshot, its changes applied by matching all values"
                        .to_owned(),
                ),
                "no key",
            );
        } else if schema.needs_one_moment(table) {
            found.note(
                &subject,
                Verdict::Handled(
                    "copied whole in one snapshot, which is held open on the source meanwhile"
                        .to_owned(),
                ),
                "cascades pass through it or rename what it refers to",
            );
        }
    }
    if schema
        .foreign_keys
        .iter()
        .any(|key| schema.is_changed_by_cascades(&key.child))
    {
        found.note(
            "cascades",
            Verdict::Handled(
                "carried out by the applier, since the source's log does not show them".to_owned(),
            ),
            "foreign keys with CASCADE or SET NULL",
        );
    }
    for (kind, names) in &schema.programs {
        found.note(&format!("{kind}s"), Verdict::Blocker(format!("this version does not carry {kind}s: script and drop them on the source, and make them again after the cutover")), names.join(", "));
    }
}

/// Promise 5 is proven, not assumed: the reader tries to write and must be refused. The statement would change no row if it were allowed.
async fn probe_read_only(
    source: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let Some(table) = schema.tables.values().next() else {
        found.note(
            "tables",
            Verdict::Blocker("name a database that holds tables".to_owned()),
            "none",
        );
        return Ok(());
    };
    let sql = format!(
        "DELETE FROM {}.{} WHERE FALSE",
        quote_name(&schema.database),
        quote_name(&table.name)
    );
    match source.run("trying to write as the reader", sql).await {
        Err(ReplicateError::Refused { source, .. }) => found.note(
            "reader is read-only",
            Verdict::Fine,
            format!("a write was refused: {source}"),
        ),
        Err(error) => return Err(error),
        Ok(_) => found.note(
            "reader is read-only",
            Verdict::Blocker(
                "give the reader SELECT, SHOW VIEW, REPLICATION SLAVE and REPLICATION CLIENT only"
                    .to_owned(),
            ),
            "a write was accepted",
        ),
    }
    Ok(())
}

async fn probe_target(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    if let Err(error) = state::prepare_tables(target).await {
        if error.may_retry() {
            return Err(error);
        }
        found.note(
            "right to keep state",
            Verdict::Blocker("GRANT ALL ON reberth.* to the writer".to_owned()),
            error.to_string(),
        );
        return Ok(());
    }
    let begun = state::peek(target, plan.direction, &plan.database).await?;
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        crate::mysql::value::quote_text(&schema.database)
    );
    let tables: u64 = target
        .row("counting the target's tables", sql)
        .await?
        .unwrap_or_default();
    let is_fine = begun.is_some() || tables == 0;
    found.expect(
        "target database",
        is_fine,
        if begun.is_some() {
            "holds what an earlier start brought".to_owned()
        } else {
            format!("{tables} tables")
        },
        "empty it, or name another database",
    );
    let collations: Vec<String> = target
        .rows(
            "listing collations",
            "SELECT COLLATION_NAME FROM information_schema.COLLATIONS",
        )
        .await?;
    found.expect(
        "collation",
        collations.contains(&schema.collation),
        schema.collation.clone(),
        "choose a target version that has it",
    );
    let (here, there) = (variables(source).await?, variables(target).await?);
    let number = |settings: &BTreeMap<String, String>, name: &str| {
        settings
            .get(name)
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or_default()
    };
    let (packet_source, packet_target) = (
        number(&here, "max_allowed_packet"),
        number(&there, "max_allowed_packet"),
    );
    found.expect(
        "max_allowed_packet",
        packet_target >= packet_source,
        format!("source {packet_source}, target {packet_target}"),
        "raise it on the target to the source's at least",
    );
    let name = "lower_case_table_names";
    found.expect(
        name,
        here.get(name) == there.get(name),
        format!("source {:?}, target {:?}", here.get(name), there.get(name)),
        "set it alike when the target is made; it cannot be changed later",
    );
    Ok(())
}
