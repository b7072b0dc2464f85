//! Money amounts and where they were read.

use serde::{Deserialize, Serialize};

/// An amount in US dollars, held in thousandths of a cent so that sums are exact.
///
/// Serialises as a decimal string with five places, for example `"48.00000"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd {
    millicents: i64,
}

const MILLICENTS_PER_USD: f64 = 100_000.0;

impl Usd {
    /// Zero dollars.
    pub const ZERO: Usd = Usd { millicents: 0 };

    /// Rounds a price as a provider prints it (a decimal number) to the nearest thousandth of a cent.
    /// `None` for a value that is not finite or too large to be a price.
    pub fn from_f64(amount: f64) -> Option<Usd> {
        let scaled = (amount * MILLICENTS_PER_USD).round();
        (scaled.is_finite() && scaled.abs() < 9e15).then_some(Usd {
            millicents: scaled as i64,
        })
    }

    /// The amount as a floating point number, for display and ratios only.
    pub fn as_f64(self) -> f64 {
        self.millicents as f64 / MILLICENTS_PER_USD
    }

    /// The amount times a whole quantity; saturates at the bounds of the type.
    pub fn times(self, quantity: u64) -> Usd {
        let quantity = i64::try_from(quantity).unwrap_or(i64::MAX);
        Usd {
            millicents: self.millicents.saturating_mul(quantity),
        }
    }

    /// The amount times a measured quantity such as gigabytes or hours.
    pub fn scaled(self, quantity: f64) -> Option<Usd> {
        Usd::from_f64(self.as_f64() * quantity)
    }
}

impl std::ops::Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd {
            millicents: self.millicents.saturating_add(other.millicents),
        }
    }
}

impl std::ops::Sub for Usd {
    type Output = Usd;
    fn sub(self, other: Usd) -> Usd {
        Usd {
            millicents: self.millicents.saturating_sub(other.millicents),
        }
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::ZERO, |sum, amount| sum + amount)
    }
}

impl std::fmt::Display for Usd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}", self.as_f64())
    }
}

impl schemars::JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "US dollars as a decimal with five places",
            "pattern": r"^-?[0-9]+\.[0-9]{5}$",
        })
    }
}

impl Serialize for Usd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.5}", self.as_f64()))
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<f64>()
            .ok()
            .and_then(Usd::from_f64)
            .ok_or_else(|| {
                serde::de::Error::custom(format!("{text:?} is not an amount of US dollars"))
            })
    }
}

/// What a resource costs a month where it is now, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthlyCost {
    /// US dollars a month.
    pub usd: Usd,
    /// Where the number was read, for example `api: droplet.size.price_monthly`.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_survive_the_round_trip() {
        let total: Usd = [0.1, 0.2, 48.0, 0.00595]
            .into_iter()
            .filter_map(Usd::from_f64)
            .sum();
        assert_eq!(serde_json::to_string(&total).unwrap(), "\"48.30595\"");
        assert_eq!(serde_json::from_str::<Usd>("\"48.30595\"").unwrap(), total);
        assert!(Usd::from_f64(f64::NAN).is_none());
        assert!(serde_json::from_str::<Usd>("\"cheap\"").is_err());
    }
}
