//! What was measured of a database cluster. The API tells it for MySQL only.

use reberth_model::estate::DatabaseUtilisation;

use crate::DiscoverError;
use crate::digitalocean::utilisation::{Measurements, Samples, percentile, window_hours};

const MYSQL: &str = "/v2/monitoring/metrics/database/mysql";

/// What was measured of a MySQL cluster; `None` when nothing was.
pub(super) async fn of_mysql(
    measurements: &Measurements<'_>,
    id: &str,
) -> Result<Option<DatabaseUtilisation>, DiscoverError> {
    // The largest of each interval: a size is chosen for the worst minutes, not for their average.
    let of = format!("db_id={id}&aggregate=max");
    let read = |metric| measurements.samples(format!("{MYSQL}/{metric}"), &of);
    let cpu = read("cpu_usage").await?;
    let memory = read("memory_usage").await?;
    let disk = read("disk_usage").await?;
    Ok(summary(&cpu, &memory, &disk))
}

fn summary(cpu: &Samples, memory: &Samples, disk: &Samples) -> Option<DatabaseUtilisation> {
    let [cpu_percent, memory_percent, disk_percent] = [cpu, memory, disk].map(ascending);
    let measured = [cpu, memory, disk]
        .into_iter()
        .find(|samples| !samples.is_empty())?;
    Some(DatabaseUtilisation {
        window_hours: window_hours(measured),
        samples: cpu_percent.len() as u64,
        cpu_p99_5_percent: percentile(&cpu_percent, 0.995),
        cpu_max_percent: percentile(&cpu_percent, 1.0),
        memory_max_percent: percentile(&memory_percent, 1.0),
        disk_max_percent: percentile(&disk_percent, 1.0),
    })
}

/// The largest value of each moment, ascending: a cluster may be told node by node.
fn ascending(samples: &Samples) -> Vec<f64> {
    let largest = samples
        .values()
        .map(|at| at.values().copied().fold(0.0, f64::max));
    let mut values: Vec<f64> = largest.collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_was_measured_is_told_and_what_was_not_is_unknown() {
        let none = Samples::new();
        assert_eq!(summary(&none, &none, &none), None);
        let cpu: Samples = (0..1_000)
            .map(|hour| {
                (
                    hour * 3_600,
                    BTreeMap::from([(String::new(), hour as f64 / 10.0)]),
                )
            })
            .collect();
        let told = summary(&cpu, &none, &none).unwrap();
        assert_eq!((told.window_hours, told.samples), (999, 1_000));
        assert_eq!(
            (told.cpu_p99_5_percent, told.cpu_max_percent),
            (Some(99.4), Some(99.9))
        );
        assert_eq!(
            (told.memory_max_percent, told.disk_max_percent),
            (None, None)
        );
    }
}
