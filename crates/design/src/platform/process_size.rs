//! What a pod asks for, by the size that the platform sells.

use crate::csv;

const SIZES: &str = include_str!("../../../../catalog/heroku-dyno-types.csv");

/// What a size promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessSize {
    /// Processors in thousandths: what it promises, not what it may use when its neighbours sleep.
    pub(super) cpu_millis: u64,
    /// Memory in MiB.
    pub(super) memory_mib: u64,
}

/// A size by its name, in any case.
pub(super) fn of(size: &str) -> Option<ProcessSize> {
    let row = csv::rows(SIZES).find(|row| {
        let name = row.first();
        name.is_some_and(|name| name.eq_ignore_ascii_case(size))
    })?;
    Some(ProcessSize {
        cpu_millis: cpu_millis(&row)?,
        memory_mib: row.get(1)?.parse().ok()?,
    })
}

/// Of `cpu 250m / mem 512Mi` 250, of `cpu 2 / mem 2.5Gi` 2000. A private size that is `as Performance` asks for what its twin of the same memory does.
fn cpu_millis(row: &[String]) -> Option<u64> {
    let request = row.get(7)?;
    let Some(cpu) = request.strip_prefix("cpu ") else {
        let twin = row.first()?.replace("Private-", "Performance-");
        let twin = if twin == "Performance-S" {
            "Standard-2X"
        } else {
            &twin
        };
        return of(twin).map(|size| size.cpu_millis);
    };
    let cpu = cpu.split_whitespace().next()?;
    match cpu.strip_suffix('m') {
        Some(millis) => millis.parse().ok(),
        None => cpu.parse::<u64>().ok().map(|whole| whole * 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_any_case() {
        for (size, cpu_millis, memory_mib) in [
            ("standard-1x", 250, 512),
            ("Performance-M", 2000, 2560),
            ("private-s", 500, 1024),
            ("Private-L", 8000, 14_336),
        ] {
            let expected = ProcessSize {
                cpu_millis,
                memory_mib,
            };
            assert_eq!(of(size), Some(expected), "{size}");
        }
        assert_eq!(of("Gigantic"), None);
    }

    #[test]
    fn every_line_of_the_table_is_a_size() {
        for row in csv::rows(SIZES) {
            assert!(of(&row[0]).is_some(), "{row:?}");
        }
    }
}
