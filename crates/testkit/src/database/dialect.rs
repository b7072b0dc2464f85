//! Tests speak MariaDB's SQL; here is what Oracle's server wants to hear instead.

use super::product::Product;

/// Rights and statements that the two families call by different names.
const WORDS: &[(&str, &str)] = &[
    ("SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"),
    ("RESET MASTER", "RESET BINARY LOGS AND GTIDS"),
    (
        "CONNECTION ADMIN, PROCESS, BINLOG MONITOR, REPLICA MONITOR",
        "CONNECTION_ADMIN, PROCESS, REPLICATION CLIENT, XA_RECOVER_ADMIN, EVENT",
    ),
    (
        "REPLICATION CLIENT, BINLOG MONITOR",
        "REPLICATION CLIENT, XA_RECOVER_ADMIN",
    ),
    ("GRANT BINLOG MONITOR", "GRANT REPLICATION CLIENT"),
];

/// The same SQL in the words of a product.
pub(super) fn translate(product: Product, sql: &str) -> String {
    if product != Product::MySql {
        return sql.to_owned();
    }
    let mut sql = sql.to_owned();
    for (theirs, ours) in WORDS {
        sql = sql.replace(theirs, ours);
    }
    number_rows(&sql)
}

/// MariaDB's tables of numbers, `seq_1_to_N`, which another server has to count up itself.
fn number_rows(sql: &str) -> String {
    const NAME: &str = "seq_1_to_";
    let mut parts = sql.split(NAME);
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (last, rest) = part.split_at(digits);
        written += &format!(
            "(WITH RECURSIVE numbers AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM numbers WHERE seq < {last}) SELECT seq FROM numbers) {NAME}{last}{rest}"
        );
    }
    written
}
