//! The servers' settings: how they log, and whether rows of the one fit into the other.

use std::collections::BTreeMap;

use super::{Preflight, Verdict};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server::Flavour;

/// Whether the server logs whole rows, and keeps them long enough.
pub(super) async fn probe_log(
    session: &mut Session,
    side: &str,
    flavour: Flavour,
    has_spool: bool,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let settings = read(session).await?;
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
    found.expect(
        &format!("{side} partial JSON"),
        setting("binlog_row_value_options").is_empty(),
        setting("binlog_row_value_options"),
        "set binlog_row_value_options to empty",
    );
    probe_retention(&settings, side, has_spool, found);
    Ok(())
}

/// How long the server keeps its log.
fn probe_retention(
    settings: &BTreeMap<String, String>,
    side: &str,
    has_spool: bool,
    found: &mut Preflight,
) {
    let setting = |name: &str| settings.get(name).and_then(|text| text.parse::<f64>().ok());
    let seconds: f64 = match (
        setting("binlog_expire_logs_seconds"),
        setting("expire_logs_days"),
    ) {
        (Some(seconds), _) if seconds > 0.0 => seconds,
        (_, Some(days)) if days > 0.0 => days * 86_400.0,
        _ => f64::INFINITY,
    };
    let verdict = if has_spool && (3_600.0..86_400.0).contains(&seconds) {
        Verdict::Handled("the log is read into the encrypted spool on this machine while the copy runs; keep outages shorter than the source keeps its log".to_owned())
    } else if seconds < 86_400.0 {
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
}

/// Settings in which both servers must agree.
pub(super) async fn probe_pair(
    source: &mut Session,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let (here, there) = (read(source).await?, read(target).await?);
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

/// The settings by name in lower case, their values in upper case.
async fn read(session: &mut Session) -> Result<BTreeMap<String, String>, ReplicateError> {
    let names = "'log_bin','binlog_format','binlog_row_image','binlog_row_value_options',\
                 'expire_logs_days','binlog_expire_logs_seconds','max_allowed_packet','lower_case_table_names'";
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
