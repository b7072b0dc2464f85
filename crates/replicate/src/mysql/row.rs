//! Row images of the log as values of columns.

use mysql_async::Value;
use mysql_async::binlog::value::BinlogValue;

use crate::mysql::schema::Table;
use crate::mysql::value::{ColumnClass, Datum};

/// A row's values in the order of the table's columns.
pub(crate) type Image = Vec<Datum>;

/// Turns a full row image into values. The error says which column cannot be read.
pub(crate) fn read_image(table: &Table, values: Vec<BinlogValue<'static>>) -> Result<Image, String> {
    if values.len() != table.columns.len() {
        return Err(format!(
            "a row image has {} columns where the table has {}: minimal images or a schema change",
            values.len(),
            table.columns.len()
        ));
    }
    values
        .into_iter()
        .zip(&table.columns)
        .map(|(value, column)| match value {
            BinlogValue::Value(value) => read_value(&column.class, value).ok_or_else(|| format!("column {} holds a value that is not of its type", column.name)),
            BinlogValue::Jsonb(json) => serde_json::Value::try_from(json)
                .map(|json| Datum::Bytes(json.to_string().into_bytes()))
                .map_err(|_| format!("column {} holds JSON that this build cannot write as text", column.name)),
            BinlogValue::JsonDiff(_) => Err(format!("column {} is logged as a partial JSON update; set binlog_row_value_options to empty", column.name)),
        })
        .collect()
}

fn read_value(class: &ColumnClass, value: Value) -> Option<Datum> {
    Some(match (class, value) {
        (_, Value::NULL) => Datum::Null,
        (ColumnClass::Integer { width_bytes, unsigned: true }, Value::Int(number)) => Datum::Plain(unsigned(*width_bytes, number).to_string()),
        (_, Value::Int(number)) => Datum::Plain(number.to_string()),
        (_, Value::UInt(number)) => Datum::Plain(number.to_string()),
        // Every float is exactly a double, and the shortest text of that double reads back as it.
        (_, Value::Float(number)) => Datum::Plain(f64::from(number).to_string()),
        (_, Value::Double(number)) => Datum::Plain(double_text(number)),
        (_, Value::Date(year, month, day, hour, minute, second, micros)) => {
            Datum::Plain(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"))
        }
        (_, Value::Time(negative, days, hours, minutes, seconds, micros)) => {
            let sign = if negative { "-" } else { "" };
            Datum::Plain(format!("{sign}{:02}:{minutes:02}:{seconds:02}.{micros:06}", days * 24 + u32::from(hours)))
        }
        (ColumnClass::Temporal, Value::Bytes(seconds)) => Datum::Plain(timestamp_text(&seconds)?),
        (ColumnClass::Year, Value::Bytes(year)) => {
            let year = String::from_utf8(year).ok()?;
            // The log holds 0 for the year 0000; the driver adds 1900.
            Datum::Plain(if year == "1900" { "0".to_owned() } else { year })
        }
        (ColumnClass::Decimal, Value::Bytes(digits)) => Datum::Plain(String::from_utf8(digits).ok()?),
        (ColumnClass::Label { .. }, Value::Bytes(bits)) => Datum::Plain(set_number(&bits)?.to_string()),
        (ColumnClass::FixedBinary { length }, Value::Bytes(mut bytes)) => {
            bytes.resize((*length).max(bytes.len()), 0);
            Datum::Bytes(bytes)
        }
        (_, Value::Bytes(bytes)) => Datum::Bytes(bytes),
    })
}

/// A number that the log could not mark as unsigned, read again as such.
fn unsigned(width_bytes: u8, number: i64) -> u64 {
    let bits = u32::from(width_bytes.clamp(1, 8)) * 8;
    (number as u64) & (u64::MAX >> (64 - bits))
}

fn double_text(number: f64) -> String {
    // `{:e}` is the shortest text that reads back as the same double; its exponent keeps it a double in SQL.
    format!("{number:e}")
}

/// Seconds since 1970 with a fraction, as a date and time in UTC; 0 is the zero date.
fn timestamp_text(seconds: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(seconds).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, fraction): (i64, u32) = (whole.parse().ok()?, fraction.parse().ok()?);
    if whole == 0 && fraction == 0 {
        return Some("0000-00-00 00:00:00".to_owned());
    }
    let (year, month, day) = civil_date(whole.div_euclid(86_400));
    let second = whole.rem_euclid(86_400);
    Some(format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{fraction:06}", second / 3600, second / 60 % 60, second % 60))
}

/// The calendar date of a day counted from 1970-01-01, by counting in eras of 400 years that begin in March.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A SET's bits, least significant byte first.
fn set_number(bits: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..bits.len())?.copy_from_slice(bits);
    Some(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_log_become_sql() {
        let tiny = ColumnClass::Integer { width_bytes: 1, unsigned: true };
        let label = ColumnClass::Label { charset: "utf8mb4".into() };
        for (class, value, text) in [
            (&tiny, Value::Int(-1), "255"),
            (&ColumnClass::Integer { width_bytes: 8, unsigned: true }, Value::Int(-1), "18446744073709551615"),
            (&ColumnClass::Integer { width_bytes: 3, unsigned: true }, Value::Int(-2), "16777214"),
            (&ColumnClass::Float, Value::Float(16_777_215.0), "16777215"),
            (&ColumnClass::Double, Value::Double(0.1), "1e-1"),
            (&ColumnClass::Temporal, Value::Bytes(b"0".to_vec()), "0000-00-00 00:00:00"),
            (&ColumnClass::Temporal, Value::Bytes(b"951782400.000100".to_vec()), "2000-02-29 00:00:00.000100"),
            (&ColumnClass::Temporal, Value::Bytes(b"2147483647".to_vec()), "2038-01-19 03:14:07.000000"),
            (&ColumnClass::Temporal, Value::Time(true, 34, 22, 59, 59, 1), "-838:59:59.000001"),
            (&ColumnClass::Year, Value::Bytes(b"1900".to_vec()), "0"),
            (&label, Value::Bytes(vec![5, 1]), "261"),
            (&label, Value::Int(3), "3"),
        ] {
            assert_eq!(read_value(class, value), Some(Datum::Plain(text.to_owned())));
        }
        let padded = read_value(&ColumnClass::FixedBinary { length: 4 }, Value::Bytes(vec![7]));
        assert_eq!(padded, Some(Datum::Bytes(vec![7, 0, 0, 0])));
    }
}
