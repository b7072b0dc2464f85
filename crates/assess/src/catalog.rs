//! The data that the stage judges with, embedded: checks, ends of support, prices. `catalog/README.md` tells where each is from.

use reberth_model::assessment::Severity;
use serde::Deserialize;

use crate::cost::{PriceList, PriceTable};
use crate::csv;
use crate::date::Date;

const CHECKS: &str = include_str!("../../../catalog/well-architected-checks.json");
const END_OF_LIFE: &str = include_str!("../../../catalog/end-of-life.csv");

/// Everything that the stage knows beside the estate.
pub(crate) struct Catalog {
    /// Version of the list of checks.
    pub(crate) version: String,
    /// The checks, ordered by id.
    pub(crate) checks: Vec<CatalogCheck>,
    /// When products lose their maker's support.
    pub(crate) ends_of_support: Vec<EndOfSupport>,
    /// Prices of both sides.
    pub(crate) prices: PriceTable,
}

/// One check as the catalog words it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CatalogCheck {
    pub(crate) id: String,
    pub(crate) scope: String,
    pub(crate) pillar: String,
    pub(crate) wa_question: Option<String>,
    pub(crate) wa_best_practice: Option<String>,
    pub(crate) applies_to: Vec<String>,
    pub(crate) title: String,
    pub(crate) pass_when: String,
    pub(crate) severity: Severity,
    pub(crate) remedy: String,
    pub(crate) stage: String,
    /// What decides it, in words.
    pub(crate) evidence: Vec<String>,
    /// `auto`, `semi` (a person adds to what was read) or `ask`.
    pub(crate) automation: String,
}

#[derive(Deserialize)]
struct CheckFile {
    version: String,
    checks: Vec<CatalogCheck>,
}

/// The day on which a version loses its maker's standard support.
pub(crate) struct EndOfSupport {
    product: String,
    version: String,
    /// The last day.
    pub(crate) ends: Date,
    /// Where the day was read.
    pub(crate) source: String,
}

impl Catalog {
    /// The catalog that this build carries, with the prices of `lists` before its own.
    pub(crate) fn with(lists: &[PriceList]) -> Catalog {
        let mut file: CheckFile = serde_json::from_str(CHECKS)
            .expect("the embedded list of checks is well formed, as a test of this module shows");
        file.checks.sort_by(|a, b| a.id.cmp(&b.id));
        Catalog {
            version: file.version,
            checks: file.checks,
            ends_of_support: csv::records(END_OF_LIFE)
                .iter()
                .filter_map(end_of_support)
                .collect(),
            prices: PriceTable::embedded().with(lists),
        }
    }

    /// Whether there is a check of that id.
    pub(crate) fn has(&self, check: &str) -> bool {
        self.checks.iter().any(|entry| entry.id == check)
    }

    /// When `product` in `version` loses support. The version may be more exact than the table: `8.0.35` is found as `8.0`.
    pub(crate) fn end_of_support(&self, product: &str, version: &str) -> Option<&EndOfSupport> {
        let product = maker_name(product);
        self.ends_of_support
            .iter()
            .find(|entry| entry.product.eq_ignore_ascii_case(product) && entry.is_of(version))
    }

    /// When the operating system loses support whose name, as providers write it, begins with a product and holds a version after it:
    /// `Rocky Linux 8 x64`, `CentOS 9 Stream x64`.
    pub(crate) fn end_of_system(&self, name: &str) -> Option<&EndOfSupport> {
        let name = name
            .to_lowercase()
            .replace("centos 8 stream", "centos stream 8");
        let name = name.replace("centos 9 stream", "centos stream 9");
        let rest_after = |product: &str| {
            let product = product.to_lowercase();
            let rest = name.strip_prefix(&product);
            rest.or_else(|| name.strip_prefix(&product.replace(' ', "")))
        };
        self.ends_of_support
            .iter()
            .filter(|entry| {
                rest_after(&entry.product)
                    .is_some_and(|rest| rest.split_whitespace().any(|word| entry.is_of(word)))
            })
            // `CentOS Stream 8` also begins with `CentOS`.
            .max_by_key(|entry| entry.product.len())
    }
}

impl EndOfSupport {
    /// Whether `version` is this version or a more exact one.
    fn is_of(&self, version: &str) -> bool {
        version
            .strip_prefix(&self.version)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The maker's name for an engine that a provider calls in its own way.
fn maker_name(engine: &str) -> &str {
    match engine {
        "pg" | "advanced_pg" | "postgres" => "PostgreSQL",
        "advanced_mysql" => "MySQL",
        "node" => "Node.js",
        other => other,
    }
}

fn end_of_support(record: &Vec<String>) -> Option<EndOfSupport> {
    let [product, version, ends, source, _as_of] = record.as_slice() else {
        return None;
    };
    Some(EndOfSupport {
        product: product.clone(),
        version: version.clone(),
        ends: Date::parse(ends)?,
        source: source.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_data_are_whole() {
        let catalog = Catalog::with(&[]);
        assert!(catalog.checks.len() >= 119);
        assert!(
            catalog
                .checks
                .windows(2)
                .all(|pair| pair[0].id < pair[1].id),
            "ids are unique"
        );
        assert_eq!(
            catalog.ends_of_support.len(),
            END_OF_LIFE.lines().count() - 1,
            "every line is read"
        );
    }

    #[test]
    fn operating_systems_are_found_by_the_names_that_providers_give_them() {
        let catalog = Catalog::with(&[]);
        let ends = |name| {
            catalog
                .end_of_system(name)
                .map(|entry| entry.ends.to_string())
        };
        for (name, day) in [
            ("Ubuntu 18.04 (LTS) x64", Some("2023-05-31")),
            ("CentOS 7 x64", Some("2024-06-30")),
            ("CentOS 9 Stream x64", Some("2027-05-31")),
            ("CentOS Stream 8 x64", Some("2024-05-31")),
            ("Rocky Linux 8 x64", Some("2029-05-31")),
            ("RockyLinux 9 x64", Some("2032-05-31")),
            ("AlmaLinux AlmaLinux 9", Some("2032-05-31")),
            ("Fedora 38 x64", Some("2024-05-21")),
            ("Debian GNU/Linux 12 (bookworm)", Some("2028-06-30")),
            ("Ubuntu 20.04.6 LTS", Some("2025-05-29")),
            ("Debian 1 x64", None),
            ("Ubuntu lms-web-2026-10-01", None),
            ("", None),
        ] {
            assert_eq!(ends(name).as_deref(), day, "{name}");
        }
    }

    #[test]
    fn a_version_is_found_by_its_beginning() {
        let catalog = Catalog::with(&[]);
        let ends = |product, version| {
            catalog
                .end_of_support(product, version)
                .map(|entry| entry.ends.to_string())
        };
        assert_eq!(ends("Ubuntu", "18.04").as_deref(), Some("2023-05-31"));
        assert_eq!(ends("mysql", "8.0.35").as_deref(), Some("2026-04-30"));
        assert_eq!(ends("pg", "12.17").as_deref(), Some("2024-11-14"));
        assert_eq!(ends("Debian", "1"), None);
        assert_eq!(
            ends("mysql", "8"),
            None,
            "a version that is not exact enough is not known"
        );
    }
}
