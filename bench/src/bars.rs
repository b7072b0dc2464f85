//! The bars: what the figures of a run are held against.

use crate::report;

/// A figure beside its bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    what: String,
    figure: f64,
    bar: f64,
    is_ceiling: bool,
}

impl Bar {
    /// The figure may not be higher.
    pub(crate) fn at_most(what: impl Into<String>, figure: f64, bar: f64) -> Bar {
        Bar {
            what: what.into(),
            figure,
            bar,
            is_ceiling: true,
        }
    }

    /// The figure may not be lower.
    pub(crate) fn at_least(what: impl Into<String>, figure: f64, bar: f64) -> Bar {
        Bar {
            is_ceiling: false,
            ..Bar::at_most(what, figure, bar)
        }
    }

    /// A figure that could not be had is no kept bar.
    fn is_kept(&self) -> bool {
        match self.is_ceiling {
            true => self.figure <= self.bar,
            false => self.figure.is_finite() && self.figure >= self.bar,
        }
    }

    /// Its row in the table.
    pub(crate) fn row(&self) -> Vec<String> {
        let limit = if self.is_ceiling {
            "at most"
        } else {
            "at least"
        };
        vec![
            self.what.clone(),
            format!("{:.2}", self.figure),
            format!("{limit} {}", self.bar),
            if self.is_kept() { "kept" } else { "MISSED" }.to_owned(),
        ]
    }
}

/// Prints all bars of a run, if there are any.
pub(crate) fn print(bars: &[Bar]) {
    if bars.is_empty() {
        return;
    }
    report::say("## bars\n");
    let rows = bars.iter().map(Bar::row);
    report::print(&["", "figure", "bar", ""], rows.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_kept_up_to_itself_and_never_by_no_figure() {
        for (figure, at_most, at_least) in [
            (1.0, true, true),
            (0.5, true, false),
            (1.5, false, true),
            (f64::NAN, false, false),
            (f64::INFINITY, false, false),
        ] {
            assert_eq!(Bar::at_most("", figure, 1.0).is_kept(), at_most, "{figure}");
            assert_eq!(
                Bar::at_least("", figure, 1.0).is_kept(),
                at_least,
                "{figure}"
            );
        }
    }
}
