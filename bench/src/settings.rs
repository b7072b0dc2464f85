//! What a run of the benchmark is asked to do, by environment variables.

use reberth_testkit::database::Product;

use crate::Failure;

/// Megabytes of rows, unless `SIZE` says otherwise.
const SIZE_MB: u64 = 3_000;
/// Runs of each contestant, unless `RUNS` says otherwise; the median counts.
const RUNS: usize = 3;
/// The servers that `SERVER` can name.
const SERVERS: &[(&str, Product)] = &[
    ("mariadb", Product::MariaDb),
    ("mariadb11", Product::MariaDb11),
    ("mysql", Product::MySql),
];

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Megabytes of rows on the source, roughly.
    pub(crate) size_mb: u64,
    /// Runs of each contestant.
    pub(crate) runs: usize,
    /// What both servers are.
    pub(crate) product: Product,
    /// Only parts and contestants that contain one of these words; all if empty.
    only: Vec<String>,
}

impl Settings {
    /// Reads `SIZE`, `RUNS`, `SERVER` and `ONLY` (words separated by commas).
    pub(crate) fn from_environment() -> Result<Settings, Failure> {
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        let only = std::env::var("ONLY").unwrap_or_default();
        let server = std::env::var("SERVER").unwrap_or_else(|_| "mariadb".to_owned());
        let known = SERVERS.iter().find(|(name, _)| *name == server);
        let (_, product) = known.ok_or("SERVER is one of mariadb, mariadb11, mysql")?;
        Ok(Settings {
            size_mb: number("SIZE").unwrap_or(SIZE_MB),
            runs: number("RUNS").map_or(RUNS, |runs| runs as usize).max(1),
            product: *product,
            only: only
                .split(',')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Whether a part is asked for: by its name, or because `ONLY` does not name any part.
    pub(crate) fn wants(&self, part: &str) -> bool {
        let names_a_part = self.only.iter().any(|word| is_a_part(word));
        !names_a_part || self.only.iter().any(|word| word == part)
    }

    /// Whether a contestant is asked for: by a word of its name, or because `ONLY` names nothing but parts.
    pub(crate) fn wants_contestant(&self, contestant: &str) -> bool {
        let mut words = self.only.iter().filter(|word| !is_a_part(word)).peekable();
        words.peek().is_none() || words.any(|word| contestant.contains(word.as_str()))
    }
}

fn is_a_part(word: &str) -> bool {
    let mut parts = crate::PARTS.iter().chain(crate::postgres::PARTS);
    parts.any(|(name, _)| *name == word)
}
