//! Source first: the copy slows down when the application on the source suffers from it.
//!
//! The source is watched over a connection of its own, by a cheap question whose answer tells how many statements run there, and whose duration tells how
//! long a statement waits. Our own readers are subtracted, so what is left is the application. While nothing else runs, there is nobody to spare and the
//! copy goes as fast as it can. While something does, both numbers are compared with what they were before the copy began; if either has
//! grown, the rate of reading is cut at once, and raised again slowly when they have come down: the same that TCP does against a full line.
//!
//! A source that is itself a replica, which many teams copy from to spare the first server, suffers in another way: it falls behind. That is asked for too, where the
//! reader may ask.
//!
//! The rate never falls below a floor, so that a copy ends also beside a source that is always busy. If the strain goes on for long at the floor, it is not
//! ours: the application itself asks more than before, and what is seen now is what is compared with from then on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::error::ReplicateError;
use crate::progress::Progress;

/// How often the source is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Looks before the copy begins that tell what the source is like without it.
const LOOKS_BEFORE: u32 = 8;
/// The rate that a strained source is read at least, bytes a second.
const FLOOR_BYTES_PER_S: u64 = 2 * 1024 * 1024;
/// Statements of others running on average, below which nobody is there to be spared.
const OTHERS_AT_LEAST: f64 = 0.5;
/// Growth that counts as strain: a quarter, and what noise alone does.
const GROWTH: f64 = 1.25;
const THREADS_NOISE: f64 = 0.75;
const LATENCY_NOISE_S: f64 = 0.0005;
/// The server counts in whole seconds.
const BEHIND_NOISE_S: f64 = 2.0;
/// Weight of a new look in the averages.
const WEIGHT: f64 = 0.2;
/// What is left of the rate at each look under strain, and what it grows to at each look without.
const CUT: f64 = 0.6;
const RAISE: f64 = 1.03;
/// Looks under strain at the floor after which the strain is not ours.
const LOOKS_AT_FLOOR: u32 = 100;
/// The longest pause after one piece.
const PAUSE_MOST: Duration = Duration::from_secs(2);

/// How a server tells what it suffers, over a connection of its own.
pub(crate) trait Witness: Send {
    /// Statements that others run now; `own` are those of the copy, of which this connection knows nothing. The time that the answer takes is measured.
    fn others(&mut self, own: usize) -> impl Future<Output = Result<f64, ReplicateError>> + Send;

    /// Seconds that a replica lies behind; 0 where there is none, or nobody may ask.
    fn behind_s(&mut self) -> impl Future<Output = Result<f64, ReplicateError>> + Send;

    /// Whether the copy must not be slowed, strain or not, as when the source's disk fills for as long as the copy lasts.
    fn is_urgent(&self) -> bool {
        false
    }
}

/// What slows a copy; shared by its workers.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// The rate that was asked for, bytes a second; `u64::MAX` if none was.
    most_bytes_per_s: u64,
    /// The rate that is allowed now.
    bytes_per_s: AtomicU64,
    /// Readers that are in the middle of an answer.
    reading: AtomicUsize,
    passed: AtomicU64,
    /// When the next piece may be read.
    next: Mutex<Instant>,
    /// Told when it is known what the source is like without the copy.
    known: Notify,
}

/// A reader in the middle of an answer, until dropped.
#[derive(Debug)]
pub(crate) struct Reading<'a>(&'a Throttle);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Throttle {
    /// With a cap on the rate, or none.
    pub(crate) fn new(most_bytes_per_s: Option<u64>) -> Throttle {
        let most = most_bytes_per_s.unwrap_or(u64::MAX).max(1);
        Throttle {
            most_bytes_per_s: most,
            bytes_per_s: AtomicU64::new(most),
            reading: AtomicUsize::new(0),
            passed: AtomicU64::new(0),
            next: Mutex::new(Instant::now()),
            known: Notify::new(),
        }
    }

    /// Counts a reader as ours while it reads.
    pub(crate) fn begin(&self) -> Reading<'_> {
        self.reading.fetch_add(1, Ordering::Relaxed);
        Reading(self)
    }

    /// Waits as long as a piece of that many bytes, just read, takes at the rate allowed now.
    pub(crate) async fn pass(&self, bytes: usize) {
        if let Some(until) = self.next_at(bytes, Instant::now()) {
            tokio::time::sleep_until(until.into()).await;
        }
    }

    /// When the next piece may be read after one of that many bytes; at once if the rate is not limited.
    fn next_at(&self, bytes: usize, now: Instant) -> Option<Instant> {
        self.passed.fetch_add(bytes as u64, Ordering::Relaxed);
        let rate = self.bytes_per_s.load(Ordering::Relaxed);
        if rate == u64::MAX {
            return None;
        }
        let takes = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(now) + takes;
        Some((*next).min(now + PAUSE_MOST))
    }

    /// Waits until it is known what the source is like without the copy: at once if nothing else runs there.
    pub(crate) async fn known(&self) {
        // A source that does not answer is met by the copy itself.
        let _ = tokio::time::timeout(LOOK * LOOKS_BEFORE * 4, self.known.notified()).await;
    }

    /// Watches the source until dropped. What cannot be seen slows nothing: the copy meets the same server and tells what is wrong with it.
    pub(crate) async fn watch<W: Witness>(
        self: Arc<Self>,
        witness: impl Future<Output = Result<W, ReplicateError>>,
        publish: watch::Sender<Progress>,
    ) {
        if let Ok(witness) = witness.await {
            // The error is one of the connection, which the copy has too.
            let _ = self.watch_while_it_answers(witness, &publish).await;
        }
        self.bytes_per_s
            .store(self.most_bytes_per_s, Ordering::Relaxed);
        self.known.notify_one();
        publish.send_modify(|progress| progress.throttle = None);
    }

    async fn watch_while_it_answers(
        &self,
        mut witness: impl Witness,
        publish: &watch::Sender<Progress>,
    ) -> Result<(), ReplicateError> {
        let mut health = Health::default();
        loop {
            let behind_s = witness.behind_s().await?;
            let look = self.look(&mut witness, behind_s).await?;
            match witness.is_urgent() {
                true => self
                    .bytes_per_s
                    .store(self.most_bytes_per_s, Ordering::Relaxed),
                false => self.regulate(&mut health, look),
            }
            if health.looks == LOOKS_BEFORE || (health.looks == 2 && health.others == 0.0) {
                self.known.notify_one();
            }
            let rate = self.bytes_per_s.load(Ordering::Relaxed);
            let is_slowed = rate < self.most_bytes_per_s;
            publish.send_if_modified(|progress| {
                let was_slowed = progress.throttle.is_some();
                progress.throttle = is_slowed.then(|| health.words(rate));
                was_slowed != is_slowed
            });
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How many statements of others run, and how long the question took.
    async fn look(
        &self,
        witness: &mut impl Witness,
        behind_s: f64,
    ) -> Result<Look, ReplicateError> {
        let begun = Instant::now();
        let others = witness.others(self.reading.load(Ordering::Relaxed)).await?;
        Ok(Look {
            others,
            latency_s: begun.elapsed().as_secs_f64(),
            behind_s,
            passed: self.passed.load(Ordering::Relaxed),
            at: begun,
        })
    }

    fn regulate(&self, health: &mut Health, look: Look) {
        let is_strained = health.take(look);
        let rate = self.bytes_per_s.load(Ordering::Relaxed);
        let next = if is_strained {
            // A rate that is not reached restrains nobody, so it is cut from what really passes.
            let real = health.passing_bytes_per_s.max(1.0);
            ((rate as f64).min(real) * CUT) as u64
        } else if rate < self.most_bytes_per_s {
            let raised = (rate as f64 * RAISE) as u64;
            // Far above what passes: it restrains nobody any more.
            if raised as f64 > health.passing_bytes_per_s * 4.0 + FLOOR_BYTES_PER_S as f64 * 4.0 {
                self.most_bytes_per_s
            } else {
                raised
            }
        } else {
            rate
        };
        let next = next.max(FLOOR_BYTES_PER_S).min(self.most_bytes_per_s);
        health.looks_at_floor = if is_strained && next <= FLOOR_BYTES_PER_S {
            health.looks_at_floor + 1
        } else {
            0
        };
        if health.looks_at_floor > LOOKS_AT_FLOOR {
            health.rest();
        }
        self.bytes_per_s.store(next, Ordering::Relaxed);
    }
}

/// One look at the source.
#[derive(Clone, Copy, Debug)]
struct Look {
    others: f64,
    latency_s: f64,
    behind_s: f64,
    passed: u64,
    at: Instant,
}

/// What the source is like, and what it was like without us.
#[derive(Debug, Default)]
struct Health {
    others: f64,
    latency_s: f64,
    others_before: f64,
    latency_before_s: f64,
    behind_s: f64,
    behind_before_s: f64,
    looks: u32,
    looks_at_floor: u32,
    passing_bytes_per_s: f64,
    last: Option<(Instant, u64)>,
}

impl Health {
    /// Takes a look in. Whether the source suffers.
    fn take(&mut self, look: Look) -> bool {
        if let Some((at, passed)) = self.last {
            let seconds = look.at.duration_since(at).as_secs_f64().max(0.001);
            let rate = (look.passed - passed) as f64 / seconds;
            self.passing_bytes_per_s += WEIGHT * (rate - self.passing_bytes_per_s);
        }
        self.last = Some((look.at, look.passed));
        self.looks += 1;
        let weight = WEIGHT.max(1.0 / f64::from(self.looks));
        self.others += weight * (look.others - self.others);
        self.latency_s += weight * (look.latency_s - self.latency_s);
        self.behind_s = look.behind_s;
        if look.passed == 0 || self.looks <= 1 {
            self.rest();
        }
        let more_run = self.others > self.others_before * GROWTH + THREADS_NOISE;
        let waits_longer = self.latency_s > self.latency_before_s * GROWTH + LATENCY_NOISE_S;
        let falls_behind = self.behind_s > self.behind_before_s * GROWTH + BEHIND_NOISE_S;
        falls_behind || self.others >= OTHERS_AT_LEAST && (more_run || waits_longer)
    }

    /// What is seen now is what is compared with.
    fn rest(&mut self) {
        (self.others_before, self.latency_before_s) = (self.others, self.latency_s);
        self.behind_before_s = self.behind_s;
        self.looks_at_floor = 0;
    }

    fn words(&self, rate: u64) -> String {
        let behind = match self.behind_s {
            seconds if seconds > 0.0 => format!(", {seconds} s behind its own source"),
            _ => String::new(),
        };
        format!(
            "the source is busy: {:.1} statements of others running, {:.1} ms to answer{behind}; reading at most {} MB/s",
            self.others,
            self.latency_s * 1000.0,
            rate / 1_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at a source, one after another, while the copy passes bytes at a rate that it may.
    fn watch(throttle: &Throttle, health: &mut Health, looks: &[(f64, f64)]) -> u64 {
        watch_replica(throttle, health, looks, 0.0)
    }

    fn watch_replica(
        throttle: &Throttle,
        health: &mut Health,
        looks: &[(f64, f64)],
        behind_s: f64,
    ) -> u64 {
        for (others, latency_s) in looks {
            let (at, passed) = health.last.unwrap_or((Instant::now(), 0));
            let rate = throttle
                .bytes_per_s
                .load(Ordering::Relaxed)
                .min(100_000_000);
            let look = Look {
                others: *others,
                latency_s: *latency_s,
                behind_s,
                passed: passed + rate / 10,
                at: at + LOOK,
            };
            throttle.regulate(health, look);
        }
        throttle.bytes_per_s.load(Ordering::Relaxed)
    }

    #[test]
    fn a_source_without_an_application_is_read_as_fast_as_it_goes() {
        let (throttle, mut health) = (Throttle::new(None), Health::default());
        // The copy itself makes answers slower.
        assert_eq!(watch(&throttle, &mut health, &[(0.0, 0.0002); 5]), u64::MAX);
        assert_eq!(watch(&throttle, &mut health, &[(0.0, 0.02); 100]), u64::MAX);
    }

    #[test]
    fn an_application_that_suffers_is_given_way_and_the_rate_comes_back() {
        for suffering in [(4.0, 0.004), (9.0, 0.001)] {
            let (throttle, mut health) = (Throttle::new(None), Health::default());
            assert_eq!(watch(&throttle, &mut health, &[(4.0, 0.001); 8]), u64::MAX);
            let slowed = watch(&throttle, &mut health, &[suffering; 40]);
            assert_eq!(slowed, FLOOR_BYTES_PER_S);
            assert!(health.words(slowed).contains("2 MB/s"));
            assert_eq!(
                watch(&throttle, &mut health, &[(4.0, 0.001); 300]),
                u64::MAX
            );
        }
    }

    #[test]
    fn a_replica_that_falls_behind_is_given_way_though_nobody_asks_it() {
        let (throttle, mut health) = (Throttle::new(None), Health::default());
        let idle = [(0.0, 0.001); 10];
        assert_eq!(watch_replica(&throttle, &mut health, &idle, 1.0), u64::MAX);
        let slowed = watch_replica(&throttle, &mut health, &[(0.0, 0.001); 40], 9.0);
        assert_eq!(slowed, FLOOR_BYTES_PER_S);
        assert!(health.words(slowed).contains("9 s behind its own source"));
        let back = watch_replica(&throttle, &mut health, &[(0.0, 0.001); 300], 1.0);
        assert_eq!(back, u64::MAX);
    }

    #[test]
    fn strain_that_the_floor_does_not_end_is_not_ours() {
        let (throttle, mut health) = (Throttle::new(None), Health::default());
        watch(&throttle, &mut health, &[(2.0, 0.001); 8]);
        assert_eq!(
            watch(&throttle, &mut health, &[(8.0, 0.005); 60]),
            FLOOR_BYTES_PER_S
        );
        assert!(watch(&throttle, &mut health, &[(8.0, 0.005); 200]) > FLOOR_BYTES_PER_S * 2);
    }

    #[test]
    fn a_cap_holds_for_all_workers_together() {
        let throttle = Throttle::new(Some(1_000_000));
        let now = Instant::now();
        // Pieces are paid for in the order in which they come, whoever read them.
        let waits: Vec<f64> = (0..5)
            .filter_map(|_| throttle.next_at(100_000, now))
            .map(|at| at.duration_since(now).as_secs_f64())
            .collect();
        assert!(
            waits
                .iter()
                .zip([0.1, 0.2, 0.3, 0.4, 0.5])
                .all(|(wait, most)| (wait - most).abs() < 0.05),
            "{waits:?}"
        );
        assert_eq!(Throttle::new(None).next_at(100_000, now), None);
    }
}
