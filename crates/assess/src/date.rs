//! Days of the Gregorian calendar, without a clock.

use std::fmt;

/// A day, held as the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    days: i64,
}

impl Date {
    /// Reads `YYYY-MM-DD`; refuses a day that does not exist.
    pub(crate) fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let well_formed = parts.next().is_none()
            && (year.len(), month.len(), day.len()) == (4, 2, 2)
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if !well_formed {
            return None;
        }
        let date = Date {
            days: days_from_civil(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?),
        };
        (date.to_string() == text).then_some(date)
    }

    /// The day of an RFC 3339 time such as `2026-11-20T03:30:12Z`.
    pub(crate) fn of_time(text: &str) -> Option<Date> {
        Date::parse(text.get(..10)?)
    }

    /// Days from `self` to `later`; negative when `later` is earlier.
    pub(crate) fn days_until(self, later: Date) -> i64 {
        later.days - self.days
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.days);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days in a cycle of 400 years, after which the calendar repeats.
const CYCLE_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01. Years begin in March here, so that a leap day is a year's last day.
const EPOCH_DAYS: i64 = 719_468;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * CYCLE_DAYS + day_of_cycle - EPOCH_DAYS
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + EPOCH_DAYS;
    let cycle = shifted.div_euclid(CYCLE_DAYS);
    let day_of_cycle = shifted.rem_euclid(CYCLE_DAYS);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_read() {
        for good in [
            "1970-01-01",
            "2024-02-29",
            "2000-02-29",
            "2026-11-22",
            "2100-12-31",
        ] {
            assert_eq!(Date::parse(good).expect(good).to_string(), good);
        }
        for bad in [
            "",
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-1-1",
            "2026-11-22T",
            "2026-11-2é",
            "+026-01-01",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_counted_over_leap_years() {
        let day = |text| Date::parse(text).expect("a date");
        assert_eq!(day("2023-03-01").days_until(day("2024-03-01")), 366);
        assert_eq!(day("2026-11-22").days_until(day("2026-11-20")), -2);
        assert_eq!(
            Date::of_time("2026-11-20T03:30:12Z"),
            Some(day("2026-11-20"))
        );
        assert_eq!(Date::of_time("2026"), None);
    }
}
