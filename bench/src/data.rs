//! The data: what real databases are made of, in SQL that every server of the family takes.
//!
//! Narrow rows with a secondary index, one such table with most of all bytes; wide rows with JSON, blob, decimal, microseconds,
//! labels, a computed column and four indexes; events without a key and with exact doubles; children under a cascade.

use reberth_testkit::database::Server;

use crate::Failure;

/// Name of the database.
pub(crate) const DATABASE: &str = "bench";
/// Rows that one statement makes.
const STEP: u64 = 50_000;

/// A table: its definition, the SELECT that makes its rows from `n`, its share of the bytes in percent, bytes of a row.
struct Made {
    name: &'static str,
    definition: &'static str,
    columns: &'static str,
    values: &'static str,
    percent: u64,
    row_bytes: u64,
}

const NARROW: &str = "(id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT UNSIGNED NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k_1 (k))";
const NARROW_VALUES: &str = "n, CRC32(n), LEFT(SHA2(n, 512), 119), LEFT(SHA2(n + 1, 256), 59)";

const TABLES: &[Made] = &[
    Made {
        name: "narrow1",
        definition: NARROW,
        columns: "id, k, c, pad",
        values: NARROW_VALUES,
        percent: 55,
        row_bytes: 196,
    },
    Made {
        name: "narrow2",
        definition: NARROW,
        columns: "id, k, c, pad",
        values: NARROW_VALUES,
        percent: 8,
        row_bytes: 196,
    },
    Made {
        name: "narrow3",
        definition: NARROW,
        columns: "id, k, c, pad",
        values: NARROW_VALUES,
        percent: 7,
        row_bytes: 196,
    },
    Made {
        name: "wide",
        definition: "(id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(190) CHARACTER SET utf8mb4 NOT NULL, document JSON NOT NULL, body MEDIUMBLOB NULL, \
            price DECIMAL(20,6) NOT NULL, made_at DATETIME(6) NOT NULL, kind ENUM('new','open','done','lost') NOT NULL, \
            initials VARCHAR(4) GENERATED ALWAYS AS (LEFT(name, 4)) STORED, KEY by_name (name), KEY by_price (price), KEY by_time (made_at), KEY by_kind (kind, initials))",
        columns: "id, name, document, body, price, made_at, kind",
        values: "n, CONCAT(HEX(CRC32(n)), ' \u{1F393} ', n), CONCAT('{\"id\": ', n, ', \"words\": \"', REPEAT(SHA2(n, 512), 2), '\"}'), \
            IF(n % 9 = 0, NULL, REPEAT(UNHEX(SHA2(n, 512)), n % 23)), n / 7, '2024-01-01' + INTERVAL n SECOND + INTERVAL n % 999983 MICROSECOND, 1 + n % 4",
        percent: 16,
        row_bytes: 1_050,
    },
    Made {
        name: "event",
        definition: "(at DATETIME(6) NOT NULL, kind VARCHAR(20) NOT NULL, value DOUBLE NULL, note VARCHAR(120) NULL)",
        columns: "at, kind, value, note",
        values: "'2024-01-01' + INTERVAL n DIV 2 SECOND, ELT(1 + (n DIV 2) % 3, 'seen', 'sent', 'lost'), (n DIV 2) / 7, LEFT(SHA2(n DIV 2, 512), 100)",
        percent: 6,
        row_bytes: 130,
    },
    Made {
        name: "child",
        definition: "(id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, wide_id BIGINT UNSIGNED NOT NULL, amount DECIMAL(12,4) NOT NULL, note VARCHAR(120) NOT NULL, KEY by_wide (wide_id), \
            CONSTRAINT child_wide FOREIGN KEY (wide_id) REFERENCES wide (id) ON DELETE CASCADE)",
        columns: "id, wide_id, amount, note",
        values: "n, 1 + n % {wide}, n / 16, LEFT(SHA2(n, 512), 90)",
        percent: 8,
        row_bytes: 120,
    },
];

/// Makes the data. Returns megabytes of rows, as the server counts them as text.
pub(crate) fn build(server: &Server, size_mb: u64) -> Result<f64, Failure> {
    let digits = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    server.sql(&format!(
        "CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4; CREATE DATABASE numbers; CREATE TABLE numbers.n (n INT PRIMARY KEY); \
         INSERT INTO numbers.n SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM {digits} a, {digits} b, {digits} c, {digits} e, {digits} f HAVING n < {STEP}"
    ))?;
    let rows_of = |made: &Made| (size_mb * 1_000_000 * made.percent / 100 / made.row_bytes).max(10);
    let wide_rows = TABLES
        .iter()
        .find(|made| made.name == "wide")
        .map_or(1, rows_of);
    for made in TABLES {
        let (name, definition) = (made.name, made.definition);
        server.sql(&format!(
            "CREATE TABLE {DATABASE}.{name} {definition} ENGINE=InnoDB"
        ))?;
        let values = made.values.replace("{wide}", &wide_rows.to_string());
        let rows = rows_of(made);
        for from in (0..rows).step_by(STEP as usize) {
            server.sql(&format!(
                "SET sql_log_bin = 0; INSERT INTO {DATABASE}.{name} ({}) SELECT {values} FROM (SELECT n + {} AS n FROM numbers.n WHERE n < {}) made ORDER BY n",
                made.columns,
                from + 1,
                rows - from
            ))?;
        }
        server.sql(&format!("ANALYZE TABLE {DATABASE}.{name}"))?;
    }
    server.sql("DROP DATABASE numbers")?;
    let bytes: u64 = TABLES
        .iter()
        .map(|made| rows_of(made) * made.row_bytes)
        .sum();
    Ok(bytes as f64 / 1e6)
}
