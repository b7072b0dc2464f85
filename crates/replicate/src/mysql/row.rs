//! Row images of the log as values of columns.
//!
//! The walk over an image is our own, since the driver's goes wrong on negative times with a short fraction and on timestamps after
//! 2038, and names every column of every row anew; all other values are read by the driver.

use mysql_async::Value;
use mysql_async::binlog::value::BinlogValue;
use mysql_common::constants::ColumnType;
use mysql_common::io::ParseBuf;

use crate::mysql::log::RowChange;
use crate::mysql::log::event::{Fields, RowsHead};
use crate::mysql::log::jsonb;
use crate::mysql::log::table::{LoggedColumn, LoggedTable};
use crate::mysql::schema::{Column, Table};
use crate::mysql::value::{ColumnClass, Datum};

/// A row's values in the order of the table's columns.
pub(crate) type Image = Vec<Datum>;

/// Reads all row changes of an event. The error says what cannot be read.
pub(crate) fn read_rows(
    table: &Table,
    head: &RowsHead,
    rows: &[u8],
    logged: &LoggedTable,
) -> Result<Vec<RowChange>, String> {
    if !head.is_full || head.columns != table.columns.len() {
        return Err(
            "the row image is not full: set binlog_row_image=FULL; or the table's columns changed"
                .to_owned(),
        );
    }
    let columns = logged_columns(table, logged)?;
    let mut data = ParseBuf(rows);
    let mut changes = Vec::new();
    while !data.is_empty() {
        let before = head
            .has_before
            .then(|| read_image(table, &columns, &mut data))
            .transpose()?;
        let after = head
            .has_after
            .then(|| read_image(table, &columns, &mut data))
            .transpose()?;
        changes.push(RowChange {
            table: table.name.clone(),
            before,
            after,
            has_silent_cascades: head.has_silent_cascades,
        });
    }
    Ok(changes)
}

fn logged_columns(table: &Table, logged: &LoggedTable) -> Result<Vec<LoggedColumn>, String> {
    let known = |(index, column): (usize, &Column)| {
        let logged = logged.columns.get(index).copied().flatten();
        logged.ok_or_else(|| {
            format!(
                "column {} is logged in a type that is not known",
                column.name
            )
        })
    };
    table.columns.iter().enumerate().map(known).collect()
}

fn read_image<'a>(
    table: &Table,
    logged: &'a [LoggedColumn],
    data: &mut ParseBuf<'a>,
) -> Result<Image, String> {
    let nulls: &[u8] = data
        .checked_eat(table.columns.len().div_ceil(8))
        .ok_or("a row image is cut short")?;
    let is_null = |index: usize| nulls[index / 8] & (1 << (index % 8)) != 0;
    let read = |(index, (column, logged)): (usize, (&Column, &'a LoggedColumn))| {
        if is_null(index) {
            return Ok(Datum::Null);
        }
        read_column(column, logged.kind, logged.details(), data)
    };
    table
        .columns
        .iter()
        .zip(logged)
        .enumerate()
        .map(read)
        .collect()
}

fn read_column<'a>(
    column: &Column,
    logged: ColumnType,
    details: &'a [u8],
    data: &mut ParseBuf<'a>,
) -> Result<Datum, String> {
    let decimals = details.first().copied().unwrap_or_default();
    let cut_short = || format!("the value of column {} is cut short", column.name);
    match logged {
        ColumnType::MYSQL_TYPE_TIME2 => {
            return read_time(decimals, data)
                .map(Datum::Plain)
                .ok_or_else(cut_short);
        }
        ColumnType::MYSQL_TYPE_TIMESTAMP2 => {
            return read_timestamp(decimals, data)
                .map(Datum::Plain)
                .ok_or_else(cut_short);
        }
        ColumnType::MYSQL_TYPE_JSON => {
            let mut fields = Fields(data.0);
            let length = fields.number(usize::from(decimals));
            let document = length.and_then(|length| fields.bytes(usize::try_from(length).ok()?));
            let document = document.ok_or_else(cut_short)?;
            data.0 = fields.0;
            return jsonb::text(document)
                .map(|text| Datum::Bytes(text.into_bytes()))
                .ok_or_else(|| format!("column {} holds broken JSON", column.name));
        }
        _ => {}
    }
    let value = data
        .parse_unchecked((logged, details, false, false))
        .map_err(|error| {
            format!(
                "the value of column {} cannot be read: {error}",
                column.name
            )
        })?;
    match value {
        BinlogValue::Value(value) => read_value(&column.class, value).ok_or_else(|| {
            format!(
                "column {} holds a value that is not of its type",
                column.name
            )
        }),
        BinlogValue::Jsonb(_) | BinlogValue::JsonDiff(_) => Err(format!(
            "column {} is logged as JSON in a form that is not known",
            column.name
        )),
    }
}

fn read_value(class: &ColumnClass, value: Value) -> Option<Datum> {
    Some(match (class, value) {
        (_, Value::NULL) => Datum::Null,
        (
            ColumnClass::Integer {
                width_bytes,
                unsigned,
            },
            Value::Int(number),
        ) => Datum::Plain(integer_text(*width_bytes, *unsigned, number)),
        (_, Value::Int(number)) => Datum::Plain(number.to_string()),
        (_, Value::UInt(number)) => Datum::Plain(number.to_string()),
        // Every float is exactly a double, and the shortest text of that double reads back as it.
        (_, Value::Float(number)) => Datum::Plain(double_text(f64::from(number))),
        (_, Value::Double(number)) => Datum::Plain(double_text(number)),
        (_, Value::Date(year, month, day, hour, minute, second, micros)) => Datum::Plain(format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"
        )),
        // TIME in the form that servers wrote before they knew fractions: tables in it are refused.
        (_, Value::Time(..)) | (ColumnClass::Temporal, Value::Bytes(_)) => return None,
        (ColumnClass::Year, Value::Bytes(year)) => {
            let year = String::from_utf8(year).ok()?;
            // The log holds 0 for the year 0000; the driver adds 1900.
            Datum::Plain(if year == "1900" { "0".to_owned() } else { year })
        }
        (ColumnClass::Decimal, Value::Bytes(digits)) => {
            Datum::Plain(String::from_utf8(digits).ok()?)
        }
        (ColumnClass::Label { .. }, Value::Bytes(bits)) => {
            Datum::Plain(set_number(&bits)?.to_string())
        }
        (ColumnClass::FixedBinary { length }, Value::Bytes(mut bytes)) => {
            bytes.resize((*length).max(bytes.len()), 0);
            Datum::Bytes(bytes)
        }
        (ColumnClass::Spelled { spelling }, Value::Bytes(bytes)) => {
            Datum::Plain(spelling.text(bytes)?)
        }
        (_, Value::Bytes(bytes)) => Datum::Bytes(bytes),
    })
}

/// A number of the log, which marks neither unsigned ones nor the sign of three-byte ones.
fn integer_text(width_bytes: u8, is_unsigned: bool, number: i64) -> String {
    let spare_bits = 64 - u32::from(width_bytes.clamp(1, 8)) * 8;
    let shifted = number << spare_bits;
    if is_unsigned {
        (shifted as u64 >> spare_bits).to_string()
    } else {
        (shifted >> spare_bits).to_string()
    }
}

fn double_text(number: f64) -> String {
    // `{:e}` is the shortest text that reads back as the same double; its exponent keeps it a double in SQL.
    format!("{number:e}")
}

/// A big-endian number of that many bytes.
fn read_number(length_bytes: usize, data: &mut ParseBuf<'_>) -> Option<i64> {
    let bytes: &[u8] = data.checked_eat(length_bytes)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | i64::from(*byte)),
    )
}

/// Bytes that hold a fraction of that many digits, and how many microseconds its last place is worth.
fn fraction(decimals: u8) -> (usize, i64) {
    match decimals {
        0 => (0, 0),
        1 | 2 => (1, 10_000),
        3 | 4 => (2, 100),
        _ => (3, 1),
    }
}

/// TIME: hours, minutes and seconds in 10, 6 and 6 bits, and a fraction; the whole number counted from the middle of its range.
fn read_time(decimals: u8, data: &mut ParseBuf<'_>) -> Option<String> {
    let (fraction_bytes, place_us) = fraction(decimals);
    let fraction_bits = 8 * fraction_bytes;
    let number = read_number(3 + fraction_bytes, data)? - (0x80_0000 << fraction_bits);
    let sign = if number < 0 { "-" } else { "" };
    let (whole, fraction) = (
        number.abs() >> fraction_bits,
        number.abs() & ((1 << fraction_bits) - 1),
    );
    Some(format!(
        "{sign}{:02}:{:02}:{:02}.{:06}",
        (whole >> 12) & 0x3ff,
        (whole >> 6) & 0x3f,
        whole & 0x3f,
        fraction * place_us
    ))
}

/// TIMESTAMP: seconds since 1970 and a fraction, as a date and time in UTC; 0 is the zero date.
fn read_timestamp(decimals: u8, data: &mut ParseBuf<'_>) -> Option<String> {
    let (fraction_bytes, place_us) = fraction(decimals);
    let seconds = read_number(4, data)?;
    let fraction = read_number(fraction_bytes, data)? * place_us;
    if seconds == 0 && fraction == 0 {
        return Some("0000-00-00 00:00:00".to_owned());
    }
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    Some(format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{fraction:06}",
        second / 3600,
        second / 60 % 60,
        second % 60
    ))
}

/// The calendar date of a day counted from 1970-01-01, by counting in eras of 400 years that begin in March.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
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
        let tiny = ColumnClass::Integer {
            width_bytes: 1,
            unsigned: true,
        };
        let label = ColumnClass::Label {
            charset: "utf8mb4".into(),
        };
        for (class, value, text) in [
            (&tiny, Value::Int(-1), "255"),
            (
                &ColumnClass::Integer {
                    width_bytes: 8,
                    unsigned: true,
                },
                Value::Int(-1),
                "18446744073709551615",
            ),
            (
                &ColumnClass::Integer {
                    width_bytes: 3,
                    unsigned: true,
                },
                Value::Int(-2),
                "16777214",
            ),
            (
                &ColumnClass::Integer {
                    width_bytes: 3,
                    unsigned: false,
                },
                Value::Int(8_388_608),
                "-8388608",
            ),
            (
                &ColumnClass::Integer {
                    width_bytes: 8,
                    unsigned: false,
                },
                Value::Int(-1),
                "-1",
            ),
            (
                &ColumnClass::Float,
                Value::Float(16_777_215.0),
                "1.6777215e7",
            ),
            (
                &ColumnClass::Float,
                Value::Float(f32::from_bits(1)),
                "1.401298464324817e-45",
            ),
            (&ColumnClass::Double, Value::Double(0.1), "1e-1"),
            (&ColumnClass::Year, Value::Bytes(b"1900".to_vec()), "0"),
            (&label, Value::Bytes(vec![5, 1]), "261"),
            (&label, Value::Int(3), "3"),
        ] {
            assert_eq!(
                read_value(class, value),
                Some(Datum::Plain(text.to_owned()))
            );
        }
        let padded = read_value(
            &ColumnClass::FixedBinary { length: 4 },
            Value::Bytes(vec![7]),
        );
        assert_eq!(padded, Some(Datum::Bytes(vec![7, 0, 0, 0])));
    }
    #[test]
    fn times_and_timestamps_are_read_to_the_last_place() {
        let time = |decimals, bytes: &[u8]| read_time(decimals, &mut ParseBuf(bytes));
        let timestamp = |decimals, bytes: &[u8]| read_timestamp(decimals, &mut ParseBuf(bytes));
        for (read, text) in [
            (time(0, &[0x80, 0x00, 0x01]), Some("00:00:01.000000")),
            (time(0, &[0x7f, 0xff, 0xff]), Some("-00:00:01.000000")),
            (time(2, &[0x7f, 0xff, 0xff, 0xff]), Some("-00:00:00.010000")),
            (time(2, &[0x7f, 0xff, 0xff, 0x00]), Some("-00:00:01.000000")),
            (
                time(4, &[0x7f, 0xff, 0xfe, 0xff, 0xff]),
                Some("-00:00:01.000100"),
            ),
            (
                time(6, &[0x80, 0x00, 0x01, 0x00, 0x00, 0x02]),
                Some("00:00:01.000002"),
            ),
            (time(6, &[0x80, 0x00, 0x01]), None),
            (timestamp(0, &[0, 0, 0, 0]), Some("0000-00-00 00:00:00")),
            (
                timestamp(4, &[0x38, 0xbb, 0x0c, 0x00, 0, 1]),
                Some("2000-02-29 00:00:00.000100"),
            ),
            (
                timestamp(0, &[0x7f, 0xff, 0xff, 0xff]),
                Some("2038-01-19 03:14:07.000000"),
            ),
            (
                timestamp(0, &[0xff, 0xff, 0xff, 0xff]),
                Some("2106-02-07 06:28:15.000000"),
            ),
            (timestamp(3, &[0, 0, 0, 0]), None),
        ] {
            assert_eq!(read.as_deref(), text);
        }
    }
}
