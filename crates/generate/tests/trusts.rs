//! A service works for every account of AWS, so every role that it may take on says for which one.
//!
//! Walked over the trusts of every design of these tests.

use reberth_generate::hcl::{Block, Body, Expression, block, code, list, template};
use std::collections::{BTreeMap, BTreeSet};

use crate::policies::{is, statements, texts};
use crate::{designs, parsed};

/// Services whose roles are bound to this account otherwise: an instance profile belongs to its account, and EKS marks the sessions of pods with the cluster.
const BOUND_OTHERWISE: [&str; 2] = ["ec2.amazonaws.com", "pods.eks.amazonaws.com"];
/// Trusts where a condition would be a guess, since AWS documents no account that the service names there: the file, the document, and the service. What does
/// not work would be worse: an aggregator that Config cannot make, backups that fail, logs of DMS that are not written.
const UNDOCUMENTED: [(&str, &str, &str); 3] = [
    (
        "infra/modules/backup/main.tf",
        "trust",
        "backup.amazonaws.com",
    ),
    (
        "infra/modules/organization-watch/config.tf",
        "config_trust",
        "config.amazonaws.com",
    ),
    (
        "infra/modules/replication-service/iam.tf",
        "service_trust",
        "dms.amazonaws.com",
    ),
];
/// The account that Terraform works in.
const THIS_ACCOUNT: &str = "data.aws_caller_identity.current.account_id";

#[test]
fn a_service_takes_a_role_on_for_one_account_only() {
    let mut count = 0;
    let mut undocumented = BTreeSet::new();
    for design in designs::all() {
        let found = service_trusts(&parsed::all(&design));
        count += found.count;
        undocumented.extend(found.undocumented);
        assert_eq!(found.open, Vec::<String>::new());
    }
    assert!(count > 40, "only {count} trusts were looked at");
    assert_eq!(undocumented.len(), UNDOCUMENTED.len(), "{undocumented:?}");
}

#[test]
fn planted_trusts_are_found() {
    let this_account = || code(format!("[{THIS_ACCOUNT}]"));
    let condition = |test: &str, variable: &str, values: Expression| {
        let condition = block("condition", &[]).set("test", test);
        Some(condition.set("variable", variable).set("values", values))
    };
    let account = |test: &str| condition(test, "aws:SourceAccount", this_account());
    let arn = |name: &str| condition("ArnLike", "aws:SourceArn", code(format!("[local.{name}]")));
    let another = condition("StringEquals", "aws:SourceAccount", list(["123456789012"]));
    let by_id = condition("StringEquals", "sts:ExternalId", this_account());
    for (service, planted, is_found) in [
        ("events.amazonaws.com", None, true),
        // What is undocumented in one place is no excuse in another.
        ("backup.amazonaws.com", None, true),
        ("events.amazonaws.com", account("StringEquals"), false),
        ("events.amazonaws.com", account("StringNotEquals"), true),
        (
            "events.amazonaws.com",
            account("StringEqualsIfExists"),
            true,
        ),
        ("events.amazonaws.com", another, true),
        ("events.amazonaws.com", by_id, true),
        ("events.amazonaws.com", arn("own"), false),
        ("events.amazonaws.com", arn("any"), true),
    ] {
        let principals = block("principals", &[]).set("type", "Service");
        let statement = block("statement", &[])
            .set("actions", list(["sts:AssumeRole"]))
            .nest(principals.set("identifiers", list([service])));
        let statement = planted.clone().into_iter().fold(statement, Block::nest);
        let document = block("data", &["aws_iam_policy_document", "planted"]).nest(statement);
        let locals = block("locals", &[])
            .set("own", template(format!("arn:aws:x:${{{THIS_ACCOUNT}}}:y")))
            .set("any", "arn:aws:x:*:y");
        let body = Body::new().block(locals).block(document);
        let trees = [("infra/modules/x/main.tf".to_owned(), body)].into();
        let open = service_trusts(&trees).open;
        assert_eq!(!open.is_empty(), is_found, "{service}: {planted:?}");
    }
}

/// Roles' trusts in services.
#[derive(Default)]
struct Trusts {
    count: usize,
    /// Those that hold for every account.
    open: Vec<String>,
    /// Those that do by intent.
    undocumented: BTreeSet<(&'static str, &'static str, &'static str)>,
}

fn service_trusts(trees: &BTreeMap<String, Body>) -> Trusts {
    let mut trusts = Trusts::default();
    for (path, body) in trees {
        let accounts = names_of_this_account(path, trees);
        let documents = body
            .blocks()
            .filter(|own| is(own, "data", "aws_iam_policy_document"));
        for document in documents {
            for statement in statements(document.body()) {
                let Some(services) = trusted_services(statement) else {
                    continue;
                };
                trusts.count += 1;
                let mut names = services.iter();
                let is_bound = !services.is_empty()
                    && names.all(|own| BOUND_OTHERWISE.contains(&own.as_str()));
                let known = UNDOCUMENTED.iter().find(|(file, name, service)| {
                    file == path && document.labels()[1] == *name && services == [*service]
                });
                if let Some(known) = known {
                    trusts.undocumented.insert(*known);
                } else if !is_bound && !conditions(statement).any(|own| holds(own, &accounts)) {
                    trusts.open.push(format!("{path}: {services:?}"));
                }
            }
        }
    }
    trusts
}

/// The account itself, and what a file of the same folder calls a text with it.
fn names_of_this_account(path: &str, trees: &BTreeMap<String, Body>) -> Vec<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |own| own.0).to_owned();
    let beside = trees.iter().filter(|(own, _)| folder(own) == folder(path));
    let locals = beside
        .flat_map(|(_, body)| body.blocks())
        .filter(|own| own.kind() == "locals")
        .flat_map(|own| own.body().attributes());
    let named = locals.filter(|(_, value)| format!("{value:?}").contains(THIS_ACCOUNT));
    let mut names: Vec<String> = named.map(|(name, _)| format!("local.{name}")).collect();
    names.push(THIS_ACCOUNT.to_owned());
    names
}

/// The conditions of a statement; of a dynamic one its content, with what it goes through.
fn conditions(statement: &Body) -> impl Iterator<Item = (&Body, Option<&Expression>)> {
    statement.blocks().filter_map(|own| {
        if own.kind() == "condition" {
            return Some((own.body(), None));
        }
        let content = own.body().blocks().find(|one| one.kind() == "content")?;
        is(own, "dynamic", "condition").then(|| (content.body(), attribute(own.body(), "for_each")))
    })
}

/// Whether a condition lets in what this account has asked for, and nothing else.
fn holds((condition, each): (&Body, Option<&Expression>), accounts: &[String]) -> bool {
    let compares = ["StringEquals", "StringLike", "ArnEquals", "ArnLike"];
    let text =
        |name: &str| attribute(condition, name).map_or(String::new(), |own| format!("{own:?}"));
    let is_compared = attribute(condition, "test").is_some_and(|test| {
        texts(test)
            .iter()
            .any(|own| compares.contains(&own.as_str()))
    });
    let sources = ["aws:SourceAccount", "aws:SourceArn"];
    let is_named = |text: &str| accounts.iter().any(|own| text.contains(own));
    let names_account = match each {
        None => {
            sources.iter().any(|own| text("variable").contains(own)) && is_named(&text("values"))
        }
        // A map from variables to values.
        Some(each) => {
            let each = format!("{each:?}").replace('\\', "");
            let pairs = sources.map(|own| format!("\"{own}\" = "));
            let mut values = pairs.iter().filter_map(|own| each.split_once(own));
            text("variable").contains("condition.key")
                && text("values").contains("condition.value")
                && values.any(|(_, value)| accounts.iter().any(|own| value.starts_with(own)))
        }
    };
    is_compared && names_account
}

fn attribute<'b>(body: &'b Body, name: &str) -> Option<&'b Expression> {
    let mut attributes = body.attributes();
    attributes.find(|(own, _)| *own == name).map(|own| own.1)
}

/// The services that a statement lets take a role on.
fn trusted_services(statement: &Body) -> Option<Vec<String>> {
    let value = |body: &Body, name: &str| {
        let mut attributes = body.attributes();
        let found = attributes.find(|(own, _)| *own == name);
        found.map(|(_, value)| texts(value)).unwrap_or_default()
    };
    if !value(statement, "actions").contains(&"sts:AssumeRole".to_owned()) {
        return None;
    }
    let mut principals = statement.blocks().filter(|own| own.kind() == "principals");
    let services = principals.find(|own| value(own.body(), "type") == ["Service"])?;
    Some(value(services.body(), "identifiers"))
}
