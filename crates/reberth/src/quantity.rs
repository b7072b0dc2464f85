//! Numbers as people read them: rows, bytes, time.

/// Rows in four characters or so: `950`, `12.3k`, `4.56M`.
pub(crate) fn rows(number: u64) -> String {
    scaled(number as f64, &["", "k", "M", "G", "T"])
}

/// Bytes in decimal units, as disks and networks are measured.
pub(crate) fn bytes(number: u64) -> String {
    scaled(number as f64, &[" B", " kB", " MB", " GB", " TB", " PB"])
}

fn scaled(number: f64, units: &[&str]) -> String {
    let (mut number, mut unit) = (number, 0);
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1_000.0;
        unit += 1;
    }
    let digits = match number {
        _ if unit == 0 => 0,
        number if number < 9.995 => 2,
        number if number < 99.95 => 1,
        _ => 0,
    };
    format!("{number:.digits$}{}", units[unit])
}

/// Seconds in at most two units: `45 s`, `3 min 20 s`, `2 h 5 min`, `6 d 23 h`.
pub(crate) fn duration_s(seconds: u64) -> String {
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        small => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1.00k"),
            (12_345, "12.3k"),
            (999_999, "1.00M"),
            (4_560_000, "4.56M"),
        ];
        for (number, text) in cases {
            assert_eq!(rows(number), text);
        }
        assert_eq!(bytes(1_390_000_000), "1.39 GB");
        assert_eq!(bytes(512), "512 B");
    }

    #[test]
    fn time_has_two_units_at_most() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (200, "3 min 20 s"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (601_200, "6 d 23 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration_s(seconds), text);
        }
    }
}
