//! What the estate costs now, and what it would cost at the target.

use serde::{Deserialize, Serialize};

use crate::money::Usd;

/// One line of the comparison. All amounts are US dollars a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostLine {
    /// Where the money goes.
    pub side: Side,
    /// What is paid for.
    pub item: String,
    /// Ids of the resources of the estate that cause it, ordered.
    pub resources: Vec<String>,
    /// The least it may be; `None` when not even that is known.
    pub low: Option<Usd>,
    /// What it will be most likely; `None` when it is not priced.
    pub likely: Option<Usd>,
    /// The most it may be; `None` when there is no bound.
    pub high: Option<Usd>,
    /// How the amounts were come by.
    pub how_known: HowKnown,
    /// The reckoning, or why there is no price, in words.
    pub working: String,
    /// Where the price was read.
    pub price_source: Option<String>,
    /// When the price was true, as the source tells.
    pub as_of: Option<String>,
}

/// The side of a cost line.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is paid now.
    Source,
    /// What would be paid.
    Target,
}

/// How an amount was come by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HowKnown {
    /// The provider tells the price, or the quantity was measured.
    Measured,
    /// A known quantity times a price of a dated table.
    Derived,
    /// A quantity was assumed; the line says which.
    Assumed,
    /// No price or no quantity: the amount is missing from the sums.
    NotPriced,
}

/// The sums of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// What is paid now.
    pub source: Total,
    /// What would be paid.
    pub target: Total,
}

/// The sum of the priced lines of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Sum of the least amounts.
    pub low: Usd,
    /// Sum of the likely amounts.
    pub likely: Usd,
    /// Sum of the highest amounts.
    pub high: Usd,
    /// Whether every line of this side is priced. When false the true bill is higher.
    pub complete: bool,
    /// Number of lines without a price.
    pub lines_not_priced: u64,
}
