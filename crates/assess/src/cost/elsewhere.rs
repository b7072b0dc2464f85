//! What lines without a price cost in a region whose prices are known best: an idea of what a sum lacks. It never becomes a part of that sum.

use reberth_model::assessment::{CostLine, PricedElsewhere, Side};
use reberth_model::money::Usd;

/// The region that most prices were read for.
pub(super) const REGION: &str = "us-east-1";

/// The amount that a line without a price has among `elsewhere`, the same lines in [`REGION`].
fn amount(line: &CostLine, elsewhere: &[CostLine]) -> Option<Usd> {
    if line.side != Side::Target || line.likely.is_some() {
        return None;
    }
    let mut same = elsewhere.iter().filter(|other| {
        let is_same = other.item == line.item || subject(other) == subject(line);
        is_same && other.side == line.side && other.resources == line.resources
    });
    same.next()?.likely
}

/// What a line is about. Behind it a line with a price names what was chosen (`web-1: EC2 m7i.large`), and one without cannot (`web-1: EC2`).
fn subject(line: &CostLine) -> &str {
    line.item.split(':').next().unwrap_or_default()
}

/// Says in each line without a price what it would be there.
pub(super) fn tell(lines: &mut [CostLine], elsewhere: &[CostLine]) {
    for line in lines {
        if let Some(usd) = amount(line, elsewhere) {
            let words = format!(
                "; at the prices of {REGION} about {:.2} USD a month",
                usd.as_f64()
            );
            line.working.push_str(&words);
        }
    }
}

/// The sum of them; `None` when no line without a price has one there.
pub(super) fn sum(lines: &[CostLine], elsewhere: &[CostLine]) -> Option<PricedElsewhere> {
    let amounts: Vec<Usd> = lines
        .iter()
        .filter_map(|line| amount(line, elsewhere))
        .collect();
    (!amounts.is_empty()).then(|| PricedElsewhere {
        region: REGION.to_owned(),
        lines: amounts.len() as u64,
        likely: amounts.into_iter().sum(),
    })
}
