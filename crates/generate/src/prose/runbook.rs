//! `docs/runbook.md`: the move in its order, and what each step leaves to people.

mod accounts;
mod containers;
mod servers;

use reberth_model::design::{Design, ReplicationEngine};

/// The text, from what the design holds.
pub(crate) fn text(design: &Design, roots: &[String]) -> String {
    let target = &design.target;
    let mut parts = vec![format!(
        "# Moving {} to AWS {}\n\nEach step names what Reberth does and what is left to people. Do not begin a step before the one above it is proven.\n",
        target.project, target.region
    )];
    let runs = match &design.platform {
        Some(platform) => containers::step(design, platform),
        None => servers::step(design),
    };
    let mut steps: Vec<Step> = Vec::new();
    if let Some(organization) = &design.organization {
        steps.push(accounts::step(organization));
    }
    steps.extend([ground(roots), runs]);
    if !design.databases.is_empty() {
        steps.push(databases(design));
    }
    if !design.buckets.is_empty() {
        steps.push(buckets(design));
    }
    steps.push(names(design));
    steps.push(after(design));
    for (index, (title, lines)) in steps.iter().enumerate() {
        parts.push(format!("\n## {}. {title}\n\n", index + 1));
        parts.extend(lines.iter().map(|line| format!("- [ ] {line}\n")));
    }
    parts.concat()
}

type Step = (&'static str, Vec<String>);

fn ground(roots: &[String]) -> Step {
    let lines = vec![
        "People: an AWS account with the identity centre switched on, and who may approve what."
            .to_owned(),
        format!(
            "Apply the roots in their order: {}. `50-edge` waits for its certificates.",
            names_of(roots)
        ),
        "People: confirm the mails of the alarm topic.".to_owned(),
    ];
    ("The ground", lines)
}

fn names_of(roots: &[String]) -> String {
    let names: Vec<String> = roots
        .iter()
        .filter_map(|root| root.rsplit('/').next())
        .map(|name| format!("`{name}`"))
        .collect();
    names.join(", ")
}

fn databases(design: &Design) -> Step {
    let mut lines = vec!["People: enter the addresses `nat_public_ips` of `00-network` as trusted sources of each database, where the source has such a list.".to_owned()];
    let mysql: Vec<String> = design
        .databases
        .iter()
        .filter(|one| one.engine == "mysql")
        .map(|one| format!("`{}`", one.key))
        .collect();
    if !mysql.is_empty() {
        let mysql = mysql.join(", ");
        lines.push(format!("People: lengthen the retention of the source's binary log to a day at least, for {mysql}."));
        lines.push(format!("Once on the new database, for {mysql}: `CALL mysql.rds_set_configuration('binlog retention hours', 72);`"));
    }
    if design.migration.engine == ReplicationEngine::Dms {
        lines.push("People: make tables, indexes, views, routines and accounts first (`reberth replicate plan` lists them), then start each replication task of `90-migration`. DMS carries rows only, proves them by its own validation, and streams nothing back: there is no way back with data.".to_owned());
    } else {
        lines.push("On the runner: `reberth replicate plan`, `start`, `verify`. Every difference is looked into, none is waived.".to_owned());
        lines.push("`reberth cutover plan` shows every state of the switch. People: try it on a copy of the smallest database first, and measure how long writes stood still.".to_owned());
    }
    let count: usize = design
        .databases
        .iter()
        .map(|one| one.schemas.len().max(1))
        .sum();
    lines.push(format!(
        "{count} logical databases in {} instances.",
        design.databases.len()
    ));
    ("The databases", lines)
}

fn buckets(design: &Design) -> Step {
    let lines = design
        .buckets
        .iter()
        .map(|bucket| format!("`{}`: copy its objects, compare counts and sizes, and copy once more after the writers stopped.", bucket.key))
        .collect();
    ("The files", lines)
}

fn names(design: &Design) -> Step {
    let mut lines = vec![
        "People: a day before, lower the time to live of every switched name to 60 seconds at the present DNS host.".to_owned(),
        "People: create the validation records of `50-edge` at the present DNS host, where a CAA record binds the zone Amazon's too, and apply `50-edge` again.".to_owned(),
    ];
    for zone in &design.edge.zones {
        for name in &zone.switched {
            lines.push(format!(
                "`{}` is switched from {}.",
                name.source.name,
                name.source.values.join(", ").trim_end_matches('.')
            ));
        }
    }
    for item in design
        .not_carried
        .iter()
        .filter(|item| item.why.contains("private address"))
    {
        lines.push(format!("People: `{}`: {}.", item.name, item.why));
    }
    lines.push(
        "`reberth cutover run`; at the point of decision two people look at the evidence."
            .to_owned(),
    );
    ("The switch", lines)
}

/// What the load needed, and nothing after it does.
fn mysql_after(design: &Design) -> &'static str {
    if design.databases.iter().any(|one| one.engine == "mysql") {
        " set `log_bin_trust_function_creators` to 0,"
    } else {
        ""
    }
}

fn after(design: &Design) -> Step {
    let lines = vec![
        "Hypercare: watch alarms and the dashboard through one busy day. The way back stays open."
            .to_owned(),
        format!(
            "When the way back is closed: destroy `90-migration`, take the trusted sources back,{} and narrow what may be reached by what the flow logs show.",
            mysql_after(design)
        ),
        "Read the web firewall's log for a week, then set `edge.managed_rules_block`.".to_owned(),
    ];
    ("After it", lines)
}
