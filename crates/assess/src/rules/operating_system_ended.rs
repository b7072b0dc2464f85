use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Estate, Server};

use super::{Context, Rule, evidence, fail_if};
use crate::catalog::{Catalog, EndOfSupport};

/// Flags servers whose operating system no longer gets fixes from its maker.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-15",
    problem: "Some servers run an operating system that its maker no longer supports",
    reads: &["server"],
    check,
};

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    estate
        .servers()
        .map(|(resource, server)| {
            let name = operating_system(server).unwrap_or("not told");
            match end_of_support(server, context.catalog) {
                None => {
                    let value = format!("{name}: not in the table of ends of support");
                    evidence(resource, CheckResult::Unknown, "operating_system", value)
                }
                Some(entry) => {
                    let value = format!("{name}: support ends {} ({})", entry.ends, entry.source);
                    evidence(
                        resource,
                        fail_if(entry.ends < context.today),
                        "operating_system",
                        value,
                    )
                }
            }
        })
        .collect()
}

/// What the server runs: as it says itself where it was looked into, since it may have been upgraded after the image that the provider names.
fn operating_system(server: &Server) -> Option<&str> {
    let inside = server.inside.as_ref();
    let own = inside.and_then(|inside| inside.operating_system.as_deref());
    own.or(server.operating_system.as_deref())
}

/// When the server's operating system loses support.
pub(super) fn end_of_support<'a>(
    server: &Server,
    catalog: &'a Catalog,
) -> Option<&'a EndOfSupport> {
    catalog.end_of_system(operating_system(server)?)
}
