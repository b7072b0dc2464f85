//! The sizes of process that the platform sells, from the table of the catalog.

use reberth_model::money::Usd;

use crate::csv;
use crate::platform_plans::amount;

const PROCESSES: &str = include_str!("../../../catalog/heroku-dyno-types.csv");

/// A size of process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProcessSize {
    /// Memory of one instance in MiB.
    pub(crate) memory_mib: u64,
    /// Processors to ask for, in thousandths: what the size promises, not what it may use when its neighbours sleep.
    pub(crate) cpu_millis: u64,
    /// Price of one instance a month; `None` where no source tells it.
    pub(crate) monthly: Option<Usd>,
    /// Where it was read.
    pub(crate) source: String,
    /// When it was read.
    pub(crate) as_of: String,
}

/// A size of process by its name, in any case.
pub(crate) fn process_size(size: &str) -> Option<ProcessSize> {
    csv::records(PROCESSES)
        .iter()
        .filter(|record| {
            record
                .first()
                .is_some_and(|name| name.eq_ignore_ascii_case(size))
        })
        .find_map(process)
}

fn process(record: &Vec<String>) -> Option<ProcessSize> {
    let [
        _dyno,
        memory,
        _share,
        _units,
        _dedicated,
        _sleeps,
        price,
        _request,
        _node,
        _specs,
        source,
        as_of,
    ] = record.as_slice()
    else {
        return None;
    };
    Some(ProcessSize {
        memory_mib: memory.parse().ok()?,
        cpu_millis: cpu_millis(record)?,
        monthly: amount(price),
        source: source.clone(),
        as_of: as_of.clone(),
    })
}

/// Of `cpu 250m / mem 512Mi` 250, of `cpu 2 / mem 2.5Gi` 2000. A size that is `as Performance` asks for what its memory twin does.
fn cpu_millis(record: &[String]) -> Option<u64> {
    let request = record.get(7)?;
    let Some(cpu) = request.strip_prefix("cpu ") else {
        let twin = record.first()?.replace("Private-", "Performance-");
        let twin = if twin == "Performance-S" {
            "Standard-2X".to_owned()
        } else {
            twin
        };
        return process_size(&twin).map(|size| size.cpu_millis);
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
    fn sizes_are_read() {
        let size = process_size("performance-m").expect("a size");
        assert_eq!((size.memory_mib, size.cpu_millis), (2560, 2000));
        assert_eq!(
            process_size("Private-S").map(|size| size.cpu_millis),
            Some(500)
        );
        assert_eq!(
            process_size("Standard-1X").map(|size| size.cpu_millis),
            Some(250)
        );
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        for record in csv::records(PROCESSES) {
            assert!(process(&record).is_some(), "{record:?}");
        }
    }
}
