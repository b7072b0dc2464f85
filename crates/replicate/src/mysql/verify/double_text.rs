//! The text of a double in SQL: the same in MariaDB and MySQL for the same value, another for every other value.
//!
//! The servers know a shortest exact text, but not everywhere: where a double becomes text inside an expression it may be cut to 22 characters, and one like
//! `-2.2250738585072014e-308` loses its last digit, so that its neighbour has the same text (seen on MySQL 9.7 and MariaDB 10.11, in `IFNULL`); and from 1e-15 to 1e-4
//! the one writes `0.000012345678901234568` where the other writes `1.2345678901234568e-5` (MySQL, inside `CONCAT`). So only texts of at most 22 characters
//! are asked for, and only where both write the same form: from 1e-3 to 1e99 with the sign, above without it. What is smaller is first multiplied by a power of two, which is
//! exact, into the range where both agree; a letter tells by which. Each pair of sign, letter and text stands for one value, zero with a sign
//! included (where a server keeps it).

/// 2 to the power of 350, 700, 1000 and 100, exactly.
const TWO_350: &str = "2.2934986159900715e105";
const TWO_700: &str = "5.260135901548374e210";
const TWO_1000: &str = "1.0715086071862673e301";
const TWO_100: &str = "1.2676506002282294e30";

/// The expression of that text, for an expression of FLOAT or DOUBLE. A FLOAT is taken as the double that it is: its own text loses digits (rule 20).
pub(super) fn double_text(of: &str) -> String {
    let value = format!("{of}*1e0");
    let size = format!("ABS({value})");
    // `+0` would lose the sign of zero, and no comparison tells it.
    let sign = format!("IF(LEFT({value},1)='-','-','')");
    let scaled = format!(
        "CASE WHEN {size}>=1e-103 THEN CONCAT('a',{size}*{TWO_350}) WHEN {size}>=1e-208 THEN CONCAT('b',{size}*{TWO_700}) ELSE CONCAT('c',{size}*{TWO_1000}*{TWO_100}) END"
    );
    format!(
        "IF({size} BETWEEN 1e-3 AND 1e99,{value},CONCAT({sign},IF({size}>1 OR {size}=0,{size},{scaled})))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factors_are_exact_powers_of_two() {
        for (text, power) in [
            (TWO_350, 350),
            (TWO_700, 700),
            (TWO_1000, 1000),
            (TWO_100, 100),
        ] {
            assert_eq!(text.parse::<f64>().unwrap(), 2_f64.powi(power));
        }
    }
}
