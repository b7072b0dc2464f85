//! Brings the target's sequences level with the source's: no number that the source gave is ever given again.
//!
//! A stream of rows does not carry them: `nextval` stands in no transaction. They are read when the source is fenced. The fence does not stop
//! `nextval` itself, so a margin is added, which costs numbers and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::ReplicateError;
use crate::postgres::scope::RELATIONS;
use crate::postgres::session::Session;
use crate::postgres::value::{quote_path, quote_text};

/// Sequences in one statement.
const AT_ONCE: usize = 200;

/// The counter of a sequence and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counter {
    /// The number given last, or if none was given yet, the first to be given.
    pub last_value: i64,
    /// Whether `last_value` was given.
    pub is_called: bool,
    /// The step; negative for a sequence that counts down.
    pub increment: i64,
    /// The least number.
    pub least: i64,
    /// The greatest number.
    pub greatest: i64,
    /// Whether it begins again at its end.
    pub cycles: bool,
}

/// Where a sequence stands after it was brought level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aligned {
    /// Its path, quoted.
    pub sequence: String,
    /// The source's counter.
    pub source: Counter,
    /// What the target's was set to; `None`: the target has no such sequence.
    pub target: Option<Counter>,
}

/// What a sequence's counter is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Setting {
    value: i64,
    is_called: bool,
}

impl Counter {
    /// Whether it may give a number again that the other has given. A sequence that begins again at its end has no order.
    pub fn is_behind(&self, other: &Counter) -> bool {
        let is_up = other.increment > 0;
        !other.cycles
            && other.is_called
            && if is_up {
                self.next() < other.next()
            } else {
                self.next() > other.next()
            }
    }

    /// The number that comes next, were there no bounds.
    fn next(&self) -> i128 {
        i128::from(self.last_value)
            + if self.is_called {
                i128::from(self.increment)
            } else {
                0
            }
    }

    /// The setting after which the next number is `next`, or after which there is none if that is past the end.
    fn setting(&self, next: i128) -> Setting {
        let (least, greatest) = (i128::from(self.least), i128::from(self.greatest));
        let is_past_the_end = !(least..=greatest).contains(&next);
        let end = if self.increment > 0 {
            self.greatest
        } else {
            self.least
        };
        Setting {
            value: i64::try_from(next)
                .ok()
                .filter(|_| !is_past_the_end)
                .unwrap_or(end),
            is_called: is_past_the_end,
        }
    }

    /// What the target's counter is set to: behind the source's by the margin, never back behind its own.
    ///
    /// Doing it again with the same source changes nothing. A margin does not use a sequence up: it ends one number before the end, unless the
    /// source is past that. A sequence that begins again at its end has no order, and takes the source's place as it is.
    fn level(&self, own: &Counter, margin: u32) -> Setting {
        if self.cycles {
            return Setting {
                value: self.last_value,
                is_called: self.is_called,
            };
        }
        let is_up = self.increment > 0;
        let end = i128::from(if is_up { self.greatest } else { self.least });
        let wished = self.next() + i128::from(margin) * i128::from(self.increment);
        let further = |one: i128, other: i128| {
            if is_up {
                one.max(other)
            } else {
                one.min(other)
            }
        };
        let nearer = |one: i128, other: i128| {
            if is_up {
                one.min(other)
            } else {
                one.max(other)
            }
        };
        let with_margin = further(nearer(wished, end), self.next());
        self.setting(further(with_margin, own.next()))
    }
}

/// Brings every sequence of the source level on the target, and tells where each stands.
pub async fn align(
    source: &mut Session,
    target: &mut Session,
    margin: u32,
) -> Result<Vec<Aligned>, ReplicateError> {
    let counters = read(source).await?;
    let own = read(target).await?;
    let mut calls = Vec::new();
    let mut aligned = Vec::new();
    for (sequence, counter) in counters {
        let set = own.get(&sequence).map(|own| {
            let to = counter.level(own, margin);
            calls.push(format!(
                "setval({}, {}, {})",
                quote_text(&sequence),
                to.value,
                to.is_called
            ));
            Counter {
                last_value: to.value,
                is_called: to.is_called,
                ..*own
            }
        });
        aligned.push(Aligned {
            sequence,
            source: counter,
            target: set,
        });
    }
    for piece in calls.chunks(AT_ONCE) {
        let sql = format!("SELECT {}", piece.join(", "));
        target.run("setting the sequences", sql).await?;
    }
    Ok(aligned)
}

/// The sequences of the source that have gone past the target's: a number that they gave would be given again.
pub async fn behind(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let own = read(target).await?;
    let counters = read(source).await?;
    let is_behind = |(path, counter): &(String, Counter)| {
        let is_past = |own: &Counter| match counter.increment > 0 {
            true => counter.next() > own.next(),
            false => counter.next() < own.next(),
        };
        !counter.cycles && own.get(path).is_some_and(is_past)
    };
    let behind = counters.into_iter().filter(is_behind);
    Ok(behind.map(|(path, _)| path).collect())
}

/// The counters of all sequences of the database by path.
pub async fn read(session: &mut Session) -> Result<BTreeMap<String, Counter>, ReplicateError> {
    const DOING: &str = "reading the sequences";
    type Bounds = (String, String, i64, i64, i64, bool);
    let sql = format!(
        "SELECT n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle \
         FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {RELATIONS} ORDER BY 1, 2"
    );
    let bounds: Vec<Bounds> = session.rows(DOING, sql).await?;
    let mut counters = BTreeMap::new();
    for piece in bounds.chunks(AT_ONCE) {
        let read: Vec<String> = piece
            .iter()
            .enumerate()
            .map(|(place, (schema, name, ..))| {
                let path = quote_path(schema, name);
                format!("SELECT {place}, last_value, is_called FROM {path}")
            })
            .collect();
        let rows: Vec<(u32, i64, bool)> = session.rows(DOING, read.join(" UNION ALL ")).await?;
        for (place, last_value, is_called) in rows {
            let Some((schema, name, increment, least, greatest, cycles)) =
                piece.get(place as usize)
            else {
                continue;
            };
            let counter = Counter {
                last_value,
                is_called,
                increment: *increment,
                least: *least,
                greatest: *greatest,
                cycles: *cycles,
            };
            counters.insert(quote_path(schema, name), counter);
        }
    }
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(last_value: i64, is_called: bool, increment: i64) -> Counter {
        Counter {
            last_value,
            is_called,
            increment,
            least: -1000,
            greatest: 1000,
            cycles: false,
        }
    }

    fn check(source: Counter, own: Counter, margin: u32, expected: (i64, bool)) {
        let set = source.level(&own, margin);
        assert_eq!((set.value, set.is_called), expected, "{source:?} {own:?}");
        // Again, from where that left it.
        let (last_value, is_called) = expected;
        let again = Counter {
            last_value,
            is_called,
            ..own
        };
        assert_eq!(source.level(&again, margin), set, "it is not done twice");
    }

    #[test]
    fn the_target_stands_behind_every_number_that_was_given() {
        let fresh = counter(1, false, 1);
        check(counter(70, true, 1), fresh, 0, (71, false));
        check(counter(70, true, 1), fresh, 100, (171, false));
        check(counter(500, false, 1), fresh, 0, (500, false));
        check(
            counter(70, true, 1),
            counter(300, true, 1),
            100,
            (301, false),
        );
        let fresh = counter(1000, false, -5);
        check(counter(85, true, -5), fresh, 2, (70, false));
        check(counter(85, true, -5), counter(10, true, -5), 2, (5, false));
    }

    #[test]
    fn a_margin_does_not_use_a_sequence_up() {
        let fresh = counter(1, false, 1);
        check(counter(990, true, 1), fresh, 100, (1000, false));
        // What the source has used up stays so.
        check(counter(1000, true, 1), fresh, 100, (1000, true));
        let bounds = Counter {
            least: i64::MIN,
            greatest: i64::MAX,
            ..counter(i64::MAX - 1, true, i64::MAX)
        };
        check(
            bounds,
            Counter {
                last_value: 1,
                is_called: false,
                ..bounds
            },
            u32::MAX,
            (i64::MAX, true),
        );
    }

    #[test]
    fn a_circle_takes_the_sources_place() {
        let circle = Counter {
            cycles: true,
            ..counter(990, true, 1)
        };
        check(
            circle,
            Counter {
                last_value: 999,
                ..circle
            },
            100,
            (990, true),
        );
    }
}
