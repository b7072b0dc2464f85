//! Quantities that no API tells, each with the range that is assumed until somebody measures it.
//!
//! They are ranges of use, not of price: wide on purpose, and in one place so that a reader can disagree with a line. A quantity that is
//! measured takes the place of its line here.

/// A quantity that is assumed for each of something.
pub(crate) struct Assumed {
    /// At the least.
    pub(crate) low: f64,
    /// Most likely.
    pub(crate) likely: f64,
    /// At the most.
    pub(crate) high: f64,
    /// What is counted, for one of what.
    pub(crate) of: &'static str,
}

/// Bytes to users, beside what a content delivery network sends.
pub(crate) const OUTBOUND: Assumed =
    assumed(20.0, 150.0, 600.0, "GB a month for each server or process");
/// Bytes that private servers exchange with the outside.
pub(crate) const THROUGH_NAT: Assumed =
    assumed(5.0, 30.0, 150.0, "GB a month for each server or process");
/// Bytes between zones, counted once; each is paid on both sides.
pub(crate) const BETWEEN_ZONES: Assumed =
    assumed(10.0, 60.0, 300.0, "GB a month for each server or process");
/// Capacity units of a load balancer, on average over the month.
pub(crate) const CAPACITY_UNITS: Assumed = assumed(
    0.3,
    1.5,
    6.0,
    "capacity units on average for each load balancer",
);
/// Logs sent to the searchable store.
pub(crate) const LOGS: Assumed = assumed(1.0, 5.0, 20.0, "GB a month for each server or process");
/// Backups of databases beyond the share that is free, which is the size of the database.
pub(crate) const BACKUPS: Assumed = assumed(
    0.0,
    0.3,
    1.0,
    "GB for each GB of database, beyond the free share",
);
/// Objects in a bucket that was not asked.
pub(crate) const BUCKET: Assumed =
    assumed(10.0, 250.0, 1000.0, "GB for each bucket that was not asked");
/// Bytes that a content delivery network sends.
pub(crate) const DELIVERED: Assumed = assumed(
    100.0,
    1000.0,
    10_000.0,
    "GB a month for each delivery endpoint",
);
/// Months in which both sides are paid.
pub(crate) const DOUBLE_RUNNING: Assumed = assumed(0.5, 1.5, 3.0, "months of both sides running");
/// What is sent again or beside the data itself while a database is copied and followed.
pub(crate) const REPLICATED: Assumed =
    assumed(1.0, 1.3, 2.0, "times the data, for changes and comparing");

const fn assumed(low: f64, likely: f64, high: f64, of: &'static str) -> Assumed {
    Assumed {
        low,
        likely,
        high,
        of,
    }
}
