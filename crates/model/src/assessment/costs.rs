//! What the estate costs now, and what it would cost at the target.

use serde::{Deserialize, Serialize};

use crate::money::Usd;

/// One line of the comparison. All amounts are US dollars a month, of [`Side::Once`] US dollars.
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
    /// What it would be with a commitment of one year without upfront payment; `None` when no such price was read.
    #[serde(default)]
    pub committed: Option<Usd>,
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
    /// What the move itself costs, once.
    Once,
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
    /// A quantity was assumed, within a range that is stated; the line says which.
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
    /// What the move itself costs, once.
    #[serde(default)]
    pub once: Total,
}

/// The sum of the priced lines of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Sum of the least amounts.
    pub low: Usd,
    /// Sum of the likely amounts.
    pub likely: Usd,
    /// Sum of the highest amounts.
    pub high: Usd,
    /// Whether every line of this side is priced. When false the true bill may be higher.
    pub complete: bool,
    /// Number of lines without a price.
    pub lines_not_priced: u64,
}

impl Total {
    /// What the sum lacks, in words: `2 lines not priced`.
    pub fn not_priced(&self) -> String {
        let s = if self.lines_not_priced == 1 { "" } else { "s" };
        format!("{} line{s} not priced", self.lines_not_priced)
    }
}

/// What the sums mean for who decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outlook {
    /// What is saved each month, by the likely amounts; negative when the target costs more.
    pub monthly_saving: Usd,
    /// The target's likely sum with one-year commitments where a price of one is known.
    pub target_committed: Usd,
    /// Number of lines that a commitment is priced for.
    pub lines_committed: u64,
    /// Months until what is saved has paid for the move; `None` when it never does.
    pub break_even_months: Option<u64>,
    /// The share of the target's likely sum whose quantity is measured or counted, in percent.
    pub known_percent: u64,
    /// The newest invoice beside the sum of the source's lines.
    pub invoice: Option<InvoiceGap>,
    /// The target's sum if one decision were another, in a fixed order.
    pub scenarios: Vec<ScenarioSum>,
    /// What the target's lines without a price cost in another region, where that is known: an idea of what the sum lacks, and no part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_priced_elsewhere: Option<PricedElsewhere>,
}

/// Lines without a price, at the prices of another region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PricedElsewhere {
    /// The other region.
    pub region: String,
    /// How many of the lines have a price there.
    pub lines: u64,
    /// Their likely sum there, a month.
    pub likely: Usd,
}

/// The newest invoice beside the sum of the source's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceGap {
    /// Month of the invoice (YYYY-MM).
    pub month: String,
    /// What was paid.
    pub amount: Usd,
    /// The invoice less the sum of the source's lines.
    pub gap: Usd,
    /// What may explain the gap, the likeliest first.
    pub explained_by: Vec<String>,
}

/// The target's sum if one decision were another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSum {
    /// The decision, as `--what-if` takes it, for example `nat=single`.
    pub what_if: String,
    /// The decision, in words.
    pub meaning: String,
    /// The sum of the priced lines.
    pub total: Total,
    /// The likely sum less that of the estimate; comparable only when the same lines are priced.
    pub difference: Usd,
}
