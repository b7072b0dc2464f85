//! What was measured of a server: processor and memory use over a window.
//!
//! The processor is told as seconds spent per mode since the start of the machine, one growing counter per
//! mode. Its use between two samples is `1 - delta(idle) / delta(all modes)`. When a counter is smaller
//! than before, the machine was restarted in between and that interval says nothing.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reberth_model::estate::Utilisation;

use super::reader::Reader;
use crate::DiscoverError;
use crate::answer_cache::Validity;
use crate::client::Answer;

const SERVERS: &str = "/v2/monitoring/metrics/droplet";
const WINDOW_SECONDS: u64 = 14 * 24 * 3600;

/// An answer of the metrics API, a Prometheus matrix.
#[derive(Debug, Default, Deserialize)]
struct Matrix {
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    result: Option<Vec<Series>>,
}

#[derive(Debug, Deserialize)]
struct Series {
    #[serde(default)]
    metric: Labels,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

#[derive(Debug, Default, Deserialize)]
struct Labels {
    mode: Option<String>,
}

/// Samples by moment, each a value per label.
pub(super) type Samples = BTreeMap<i64, BTreeMap<String, f64>>;

/// Reads what was measured of servers and databases.
pub(super) struct Measurements<'a> {
    reader: &'a Reader<'a>,
    until_epoch_seconds: u64,
    /// Metrics that the token may not read: one refusal holds for every server and database.
    refused: Mutex<BTreeSet<String>>,
}

impl<'a> Measurements<'a> {
    /// Measurements of the 14 days up to `until_epoch_seconds`.
    pub(super) fn new(reader: &'a Reader<'a>, until_epoch_seconds: u64) -> Measurements<'a> {
        let refused = Mutex::default();
        Measurements {
            reader,
            until_epoch_seconds,
            refused,
        }
    }

    /// What was measured of one server; `None` when nothing was.
    pub(super) async fn of(&self, server_id: u64) -> Result<Option<Utilisation>, DiscoverError> {
        let of = format!("host_id={server_id}");
        let read = |metric| self.samples(format!("{SERVERS}/{metric}"), &of);
        let cpu = read("cpu").await?;
        let total = read("memory_total").await?;
        let available = read("memory_available").await?;
        Ok(summary(&cpu, &total, &available))
    }

    /// The samples at `path`, of what the query `of` names; none when the token may not read them.
    pub(super) async fn samples(&self, path: String, of: &str) -> Result<Samples, DiscoverError> {
        if self.refused().contains(&path) {
            return Ok(Samples::new());
        }
        let until = self.until_epoch_seconds;
        let start = until.saturating_sub(WINDOW_SECONDS);
        let asked = format!("{path}?{of}&start={start}&end={until}");
        let parse = |bytes: &[u8]| serde_json::from_slice::<Matrix>(bytes);
        match self.reader.ask_as(&asked, Validity::Settled, parse).await? {
            Answer::Found(matrix) => Ok(by_moment(matrix)),
            Answer::Refused(reason) => {
                self.reader.note_not_visible(&path, reason);
                self.refused().insert(path);
                Ok(Samples::new())
            }
            Answer::Absent(_) => Ok(Samples::new()),
            Answer::Broken(reason) => {
                let what = format!("{path} of {of}");
                self.reader.note_not_visible(&what, reason);
                Ok(Samples::new())
            }
        }
    }

    fn refused(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Length of the time between the first and the last sample.
pub(super) fn window_hours(samples: &Samples) -> u64 {
    let first = samples.keys().next().copied().unwrap_or_default();
    let last = samples.keys().next_back().copied().unwrap_or_default();
    last.saturating_sub(first).unsigned_abs().div_ceil(3600)
}

fn by_moment(matrix: Matrix) -> Samples {
    let mut samples = Samples::new();
    for series in matrix.data.result.unwrap_or_default() {
        let label = series.metric.mode.unwrap_or_default();
        for (moment, text) in series.values {
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            if let Some(value) = value {
                let at = samples.entry(moment as i64).or_default();
                *at.entry(label.clone()).or_default() += value;
            }
        }
    }
    samples
}

fn summary(
    cpu: &Samples,
    memory_total: &Samples,
    memory_available: &Samples,
) -> Option<Utilisation> {
    let cpu_percent = cpu_percent(cpu);
    let memory_percent = memory_percent(memory_total, memory_available);
    if cpu_percent.is_empty() && memory_percent.is_empty() {
        return None;
    }
    let measured = if cpu.is_empty() {
        memory_available
    } else {
        cpu
    };
    Some(Utilisation {
        window_hours: window_hours(measured),
        samples: cpu_percent.len() as u64,
        cpu_p95_percent: percentile(&cpu_percent, 0.95),
        cpu_max_percent: percentile(&cpu_percent, 1.0),
        memory_p99_percent: percentile(&memory_percent, 0.99),
    })
}

/// Processor use in each interval between two samples, ascending.
fn cpu_percent(samples: &Samples) -> Vec<f64> {
    let pairs = samples.values().zip(samples.values().skip(1));
    let mut percents: Vec<f64> = pairs
        .filter_map(|(before, after)| busy_percent(before, after))
        .collect();
    percents.sort_by(f64::total_cmp);
    percents
}

fn busy_percent(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> Option<f64> {
    if !before.keys().eq(after.keys()) {
        return None;
    }
    let deltas: BTreeMap<&str, f64> = after
        .iter()
        .filter_map(|(mode, value)| Some((mode.as_str(), value - before.get(mode)?)))
        .collect();
    let all: f64 = deltas.values().sum();
    let idle = *deltas.get("idle")?;
    let was_restarted = deltas.values().any(|delta| *delta < 0.0);
    (!was_restarted && all > 0.0).then(|| 100.0 * (all - idle) / all)
}

/// Memory use at each sample, ascending; the total is told less often than what is available.
fn memory_percent(total: &Samples, available: &Samples) -> Vec<f64> {
    let value = |at: &BTreeMap<String, f64>| at.values().next().copied();
    let mut percents = Vec::new();
    for (moment, at) in available {
        let latest = total
            .range(..=moment)
            .next_back()
            .or_else(|| total.iter().next());
        let total = latest
            .and_then(|(_, at)| value(at))
            .filter(|total| *total > 0.0);
        if let (Some(total), Some(available)) = (total, value(at)) {
            percents.push((100.0 * (total - available) / total).clamp(0.0, 100.0));
        }
    }
    percents.sort_by(f64::total_cmp);
    percents
}

/// The nearest-rank percentile of ascending values, to two decimals.
pub(super) fn percentile(ascending: &[f64], share: f64) -> Option<f64> {
    let rank = (share * ascending.len() as f64).ceil() as usize;
    let value = ascending.get(rank.saturating_sub(1))?;
    Some((value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rows: &[(i64, f64, f64)]) -> Samples {
        rows.iter()
            .map(|(at, idle, user)| {
                let modes = [("idle".to_owned(), *idle), ("user".to_owned(), *user)];
                (*at, modes.into_iter().collect())
            })
            .collect()
    }

    #[test]
    fn processor_use_is_the_share_that_was_not_idle() {
        let rows = [(0, 100.0, 100.0), (60, 190.0, 110.0), (120, 200.0, 200.0)];
        assert_eq!(cpu_percent(&samples(&rows)), [10.0, 90.0]);
    }

    #[test]
    fn a_restart_and_a_standstill_say_nothing() {
        let rows = [
            (0, 100.0, 100.0),
            (60, 5.0, 5.0),
            (120, 5.0, 5.0),
            (180, 10.0, 10.0),
        ];
        assert_eq!(cpu_percent(&samples(&rows)), [50.0]);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.95), Some(95.0));
        assert_eq!(percentile(&hundred, 1.0), Some(100.0));
        assert_eq!(percentile(&[7.0], 0.95), Some(7.0));
        assert_eq!(percentile(&[], 0.95), None);
    }

    #[test]
    fn memory_use_takes_the_latest_total_before_the_sample() {
        let one = |at, value: f64| (at, BTreeMap::from([(String::new(), value)]));
        let total = Samples::from([one(10, 100.0), one(20, 200.0)]);
        let available = Samples::from([one(5, 50.0), one(15, 90.0), one(25, 50.0)]);
        assert_eq!(memory_percent(&total, &available), [10.0, 50.0, 75.0]);
    }

    #[test]
    fn without_samples_nothing_is_claimed() {
        assert_eq!(
            summary(&Samples::new(), &Samples::new(), &Samples::new()),
            None
        );
    }
}
