//! Global transaction ids: what a transaction is called in the log of every server that has it, and sets of them.
//!
//! Sets are compared by containment, never by order (rule 5). MySQL names a transaction by the server where it was first committed, perhaps a tag,
//! and a number; numbers may be missing, so a set holds intervals. MariaDB names it by a domain, a server and a number, and tells a set by the
//! highest number of each server in each domain: within one domain and server numbers only grow.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use crate::mysql::server::Flavour;

/// The name of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gtid {
    /// Whose numbers they are: `uuid` or `uuid:tag` of MySQL, `domain-server` of MariaDB.
    pub origin: String,
    /// The number.
    pub number: u64,
}

impl Display for Gtid {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        // MySQL's names have colons.
        let mark = if self.origin.len() >= 36 { ':' } else { '-' };
        write!(f, "{}{mark}{}", self.origin, self.number)
    }
}

/// A set of transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GtidSet {
    flavour: Flavour,
    /// Disjoint intervals in order, first and last number included; one from 1 on with MariaDB.
    origins: BTreeMap<String, Vec<(u64, u64)>>,
}

impl GtidSet {
    /// The empty set.
    pub fn empty(flavour: Flavour) -> GtidSet {
        GtidSet {
            flavour,
            origins: BTreeMap::new(),
        }
    }

    /// Reads a set as the server writes it: `gtid_executed` of MySQL, `gtid_binlog_state` of MariaDB.
    pub fn parse(flavour: Flavour, text: &str) -> Option<GtidSet> {
        let mut set = GtidSet::empty(flavour);
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        for part in compact.split(',').filter(|part| !part.is_empty()) {
            match flavour {
                Flavour::MariaDb => {
                    let (origin, number) = part.rsplit_once('-')?;
                    origin.split_once('-')?;
                    set.add_interval(origin, 1, number.parse().ok()?);
                }
                Flavour::MySql => set.parse_mysql(part)?,
            }
        }
        Some(set)
    }

    /// `uuid:1-5:7:tag:1-3`: intervals behind the name they belong to, which a tag makes longer.
    fn parse_mysql(&mut self, part: &str) -> Option<()> {
        let mut fields = part.split(':');
        let uuid = fields.next()?.to_ascii_lowercase();
        let mut origin = uuid.clone();
        for field in fields {
            if field.starts_with(|c: char| c.is_ascii_digit()) {
                let (first, last) = field.split_once('-').unwrap_or((field, field));
                self.add_interval(&origin, first.parse().ok()?, last.parse().ok()?);
            } else {
                origin = format!("{uuid}:{}", field.to_ascii_lowercase());
            }
        }
        Some(())
    }

    /// Takes a transaction in.
    pub fn add(&mut self, gtid: &Gtid) {
        let first = match self.flavour {
            Flavour::MariaDb => 1,
            Flavour::MySql => gtid.number,
        };
        self.add_interval(&gtid.origin, first, gtid.number);
    }

    fn add_interval(&mut self, origin: &str, first: u64, last: u64) {
        let intervals = self.origins.entry(origin.to_owned()).or_default();
        let at = intervals.partition_point(|(_, end)| end.saturating_add(1) < first);
        let (mut first, mut last) = (first, last);
        // All intervals that touch the new one become one with it.
        while let Some((start, end)) = intervals.get(at).copied() {
            if start > last.saturating_add(1) {
                break;
            }
            (first, last) = (first.min(start), last.max(end));
            intervals.remove(at);
        }
        intervals.insert(at, (first, last));
    }

    /// Whether the transaction is in it.
    pub fn contains(&self, gtid: &Gtid) -> bool {
        let intervals = self.origins.get(&gtid.origin);
        intervals.is_some_and(|intervals| {
            let holds = |(first, last): &(u64, u64)| (*first..=*last).contains(&gtid.number);
            intervals.iter().any(holds)
        })
    }

    /// A transaction of this set that is not in the other one; `None`: the other one contains this set.
    pub fn missing_in(&self, other: &GtidSet) -> Option<Gtid> {
        self.origins.iter().find_map(|(origin, intervals)| {
            let number = match self.flavour {
                Flavour::MariaDb => {
                    let last = intervals.last()?.1;
                    let has = other.origins.get(origin).and_then(|held| held.last());
                    has.is_none_or(|(_, end)| *end < last).then_some(last)?
                }
                Flavour::MySql => {
                    let held = other.origins.get(origin).map_or(&[][..], Vec::as_slice);
                    intervals
                        .iter()
                        .find_map(|interval| first_outside(*interval, held))?
                }
            };
            Some(Gtid {
                origin: origin.clone(),
                number,
            })
        })
    }
}

/// The lowest number of the interval that is in none of the others.
fn first_outside((first, last): (u64, u64), held: &[(u64, u64)]) -> Option<u64> {
    match held
        .iter()
        .find(|(start, end)| (*start..=*end).contains(&first))
    {
        None => Some(first),
        Some((_, end)) => (*end < last).then_some(end + 1),
    }
}

/// As [`GtidSet::parse`] reads it.
impl Display for GtidSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (place, (origin, intervals)) in self.origins.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            f.write_str(origin)?;
            for (first, last) in intervals {
                match self.flavour {
                    Flavour::MariaDb => write!(f, "-{last}")?,
                    Flavour::MySql if first == last => write!(f, ":{first}")?,
                    Flavour::MySql => write!(f, ":{first}-{last}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn gtid(origin: &str, number: u64) -> Gtid {
        Gtid {
            origin: origin.to_owned(),
            number,
        }
    }

    #[test]
    fn sets_are_read_written_and_grow() {
        let text = format!("{}:1-5:7:blue:3,\n{UUID}:9-12", UUID.to_uppercase());
        let mut set = GtidSet::parse(Flavour::MySql, &text).unwrap();
        assert_eq!(set.to_string(), format!("{UUID}:1-5:7:9-12,{UUID}:blue:3"));
        set.add(&gtid(UUID, 8));
        set.add(&gtid(UUID, 6));
        set.add(&gtid(&format!("{UUID}:blue"), 4));
        assert_eq!(set.to_string(), format!("{UUID}:1-12,{UUID}:blue:3-4"));
        assert_eq!(GtidSet::parse(Flavour::MySql, &set.to_string()), Some(set));
        let mut maria = GtidSet::parse(Flavour::MariaDb, "0-1-7,0-2-9,5-1-3").unwrap();
        maria.add(&gtid("0-1", 30));
        assert_eq!(maria.to_string(), "0-1-30,0-2-9,5-1-3");
        assert!(maria.contains(&gtid("0-1", 8)) && !maria.contains(&gtid("5-2", 1)));
        for broken in ["x", "0-1", "0-1-x"] {
            assert_eq!(GtidSet::parse(Flavour::MariaDb, broken), None, "{broken}");
        }
    }

    #[test]
    fn containment_is_not_order() {
        let cases = [
            (Flavour::MariaDb, "0-1-7", "0-1-9", None),
            (Flavour::MariaDb, "0-1-7,1-1-4", "0-1-9", Some("1-1-4")),
            (Flavour::MariaDb, "0-1-9", "0-1-7,0-2-20", Some("0-1-9")),
            (Flavour::MariaDb, "", "0-1-7", None),
        ];
        for (flavour, ours, theirs, missing) in cases {
            let set = |text| GtidSet::parse(flavour, text).unwrap();
            let found = set(ours).missing_in(&set(theirs));
            assert_eq!(found.map(|gtid| gtid.to_string()).as_deref(), missing);
        }
        let set = |text: &str| GtidSet::parse(Flavour::MySql, &format!("{UUID}{text}")).unwrap();
        for (ours, theirs, missing) in [
            (":1-5", ":1-9", None),
            (":1-5", ":1-4:6-9", Some(5)),
            (":2-3:8", ":1-3", Some(8)),
            (":1-3", ":2-9", Some(1)),
            (":t:1", ":1-9", Some(1)),
        ] {
            let found = set(ours).missing_in(&set(theirs));
            assert_eq!(found.map(|gtid| gtid.number), missing, "{ours} in {theirs}");
        }
    }
}
