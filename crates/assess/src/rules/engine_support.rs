use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{App, Attributes, Codebase, Estate, Resource, Runtime};

use super::{Context, Rule, evidence, fail_if};
use crate::catalog::EndOfSupport;

/// Flags base images that new applications no longer get, and database engines and languages whose maker's support has ended or ends within 180 days. A
/// language counts where the files of an application ask for a version; one that came with a system is its maker's to mend.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-11",
    problem: "Some engines, languages or base images are old: their maker's support has ended, or ends within 180 days",
    reads: &["database", "cache", "app", "codebase"],
    check,
};

const DAYS_LEFT_MIN: i64 = 180;

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    let stacks = estate.apps().map(|(resource, app)| stack(resource, app));
    let engines = estate.data_stores().map(|(resource, database)| {
        let engine = format!("{} {}", database.engine, database.version);
        match context
            .catalog
            .end_of_support(&database.engine, &database.version)
        {
            None => {
                let value = format!("{engine}: not in the table of ends of support");
                evidence(resource, CheckResult::Unknown, "version", value)
            }
            Some(entry) => ending(resource, &engine, entry, context),
        }
    });
    let languages = estate.resources.iter();
    let languages = languages.filter_map(|resource| match &resource.attributes {
        Attributes::Codebase(code) => Some((resource, code)),
        _ => None,
    });
    let languages = languages.flat_map(|(resource, code)| languages_of(resource, code, context));
    engines.chain(stacks).chain(languages).collect()
}

fn ending(resource: &Resource, what: &str, entry: &EndOfSupport, context: &Context) -> Evidence {
    let days_left = context.today.days_until(entry.ends);
    let value = format!("{what}: support ends {} ({})", entry.ends, entry.source);
    let result = fail_if(days_left <= DAYS_LEFT_MIN);
    evidence(resource, result, "version", value)
}

fn languages_of(resource: &Resource, code: &Codebase, context: &Context) -> Vec<Evidence> {
    let asked = code.runtimes.iter();
    asked
        .filter_map(|runtime| {
            let (language, version) = (&runtime.language, exact(runtime)?);
            let entry = context.catalog.end_of_support(language, version)?;
            let what = format!("{language} {version} in {}", runtime.file);
            Some(ending(resource, &what, entry, context))
        })
        .collect()
}

/// The version, where the file asks for one and not for a range that is open above.
fn exact(runtime: &Runtime) -> Option<&str> {
    let asked = runtime.version.as_deref()?.trim();
    let asked = asked.strip_prefix("ruby-").unwrap_or(asked);
    let start = asked.trim_start_matches(['v', '^', '~', '=', '>', ' ']);
    let is_open = asked.contains('>') && !asked.contains("~>");
    let end = start.find(|character: char| !character.is_ascii_digit() && character != '.');
    let version = start[..end.unwrap_or(start.len())].trim_end_matches('.');
    (!version.is_empty() && !is_open).then_some(version)
}

/// A base image that is no longer the one for new applications is on its way out; the platform tells no day.
fn stack(resource: &Resource, app: &App) -> Evidence {
    let state = app.stack_state.as_deref().unwrap_or("not listed any more");
    let (result, value) = match &app.default_stack {
        _ if app.stack == "container" => (
            CheckResult::Unknown,
            "container: the base image stands in a Dockerfile that was not read".to_owned(),
        ),
        Some(newest) if *newest == app.stack && state == "public" => {
            (CheckResult::Pass, app.stack.clone())
        }
        Some(newest) => (
            CheckResult::Fail,
            format!("{} ({state}); new applications get {newest}", app.stack),
        ),
        None => (
            CheckResult::Unknown,
            format!("{}; the platform's stacks are not visible", app.stack),
        ),
    };
    evidence(resource, result, "stack", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_from_what_asks_for_one() {
        let cases = [
            ("3.2.2", Some("3.2.2")),
            ("ruby-3.1.4", Some("3.1.4")),
            ("~> 3.2", Some("3.2")),
            ("^18.0.0", Some("18.0.0")),
            ("18.x", Some("18")),
            ("v20", Some("20")),
            (">=16", None),
            (">=20 <21", None),
            ("lts/*", None),
            ("", None),
        ];
        for (asked, expected) in cases {
            let runtime = Runtime {
                version: Some(asked.to_owned()),
                ..Runtime::default()
            };
            assert_eq!(exact(&runtime), expected, "{asked}");
        }
    }
}
