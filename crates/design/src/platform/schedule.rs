//! Schedules as people and the platform's scheduler write them, as the five fields of cron in UTC.

/// The five fields for a schedule; `None` for words that are not understood: such a job is left to people rather than run at a wrong time.
pub(super) fn cron(written: &str) -> Option<String> {
    let text = written.trim().to_ascii_lowercase();
    let text = text.strip_suffix(" utc").unwrap_or(&text).trim_end();
    if is_cron(text) {
        return Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["hourly"] | ["every", "hour"] => Some("0 * * * *".to_owned()),
        ["hourly" | "every", rest @ ..]
            if rest
                .first()
                .is_some_and(|word| word.starts_with("at") || *word == "hour") =>
        {
            hourly(rest)
        }
        ["every", minutes, unit] if is_minutes(unit) => every(minutes),
        ["daily" | "nightly"] => Some("0 0 * * *".to_owned()),
        ["daily" | "nightly", "at", time] | ["every", "day", "at", time] => {
            let (hour, minute) = clock(time)?;
            Some(format!("{minute} {hour} * * *"))
        }
        _ => None,
    }
}

fn is_minutes(unit: &str) -> bool {
    matches!(unit, "minutes" | "minute" | "min" | "mins")
}

/// `at :30`, `at 30`, `hour at :30`, `hour at 0:30`.
fn hourly(words: &[&str]) -> Option<String> {
    let minute = match words {
        ["at", minute] | ["hour", "at", minute] => minute,
        _ => return None,
    };
    let minute = minute.rsplit(':').next()?;
    let minute = below(minute, 60)?;
    Some(format!("{minute} * * * *"))
}

/// Every so many minutes, where the hour has a whole number of them: otherwise cron would shift.
fn every(minutes: &str) -> Option<String> {
    let minutes = below(minutes, 60).filter(|minutes| *minutes > 0 && 60 % minutes == 0)?;
    Some(match minutes {
        1 => "* * * * *".to_owned(),
        _ => format!("*/{minutes} * * * *"),
    })
}

/// `03:30`, `3:30am`, `3:30 pm` without its space, `15:00`.
fn clock(time: &str) -> Option<(u32, u32)> {
    let (digits, shift) = match (time.strip_suffix("am"), time.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (time, None),
    };
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
    let minute = below(minute, 60)?;
    let hour = match shift {
        None => below(hour, 24)?,
        Some(shift) => below(hour, 13).filter(|hour| *hour > 0)? % 12 + shift,
    };
    Some((hour, minute))
}

fn below(text: &str, end: u32) -> Option<u32> {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    is_plain
        .then(|| text.parse().ok())?
        .filter(|number| *number < end)
}

/// Five fields, each of numbers with `*`, `,`, `-` and `/` that lie within their range.
fn is_cron(text: &str) -> bool {
    const RANGES: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == RANGES.len()
        && fields
            .iter()
            .zip(RANGES)
            .all(|(field, range)| field.split(',').all(|part| is_cron_part(part, range)))
}

fn is_cron_part(part: &str, (least, most): (u32, u32)) -> bool {
    let (span, step) = part.split_once('/').unwrap_or((part, "1"));
    let number = |text: &str| below(text, most + 1).filter(|number| *number >= least);
    let is_step = below(step, most + 1).is_some_and(|step| step > 0);
    let is_span = match span.split_once('-') {
        _ if span == "*" => true,
        Some((first, last)) => number(first)
            .zip(number(last))
            .is_some_and(|(first, last)| first <= last),
        None => number(span).is_some(),
    };
    is_span && is_step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_fields_and_what_is_unclear_does_not() {
        for (written, expected) in [
            ("every 10 minutes", Some("*/10 * * * *")),
            ("Every 1 minute", Some("* * * * *")),
            ("hourly", Some("0 * * * *")),
            ("Hourly at :30", Some("30 * * * *")),
            ("every hour at 0:20", Some("20 * * * *")),
            ("daily at 03:30 UTC", Some("30 3 * * *")),
            ("Every day at 12:30AM UTC", Some("30 0 * * *")),
            ("every day at 12:00pm", Some("0 12 * * *")),
            ("daily", Some("0 0 * * *")),
            ("15 2 * * 1-5", Some("15 2 * * 1-5")),
            ("*/15  8-18 * * *", Some("*/15 8-18 * * *")),
            ("every 7 minutes", None),
            ("every 90 minutes", None),
            ("daily at 25:00", None),
            ("61 2 * * *", None),
            ("5-2 * * * *", None),
            ("*/0 * * * *", None),
            ("when the moon is full", None),
            ("daily at 3:3０", None),
            ("", None),
        ] {
            assert_eq!(cron(written).as_deref(), expected, "{written:?}");
        }
    }
}
