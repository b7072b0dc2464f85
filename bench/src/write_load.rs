//! A load of writes in the manner of sysbench's `oltp_write_only`: four tables, transactions of four row changes.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use reberth_replicate::LogPosition;
use reberth_testkit::database::Server;
use tokio::task::JoinSet;

use crate::Failure;
use crate::data::DATABASE;
use crate::servers::{PASSWORD, USER};

/// Sessions that write.
pub(crate) const WRITERS: u64 = 4;
/// Row changes of a transaction.
pub(crate) const CHANGES: u64 = 4;
const TABLES: u64 = 4;
const ROWS: u64 = 250_000;
/// Three of four keys fall into so many rows of each table, as sysbench's own distribution has it.
const HOT_ROWS: u64 = ROWS / 100;
/// Deadlock, lock wait timeout, record changed since the last read: the transaction is tried again.
const TRY_AGAIN: &[u16] = &[1213, 1205, 1020];

/// Makes the tables and their rows, which are the same on every server and not in its log.
pub(crate) fn seed(server: &Server) -> Result<(), Failure> {
    let mut sql = format!(
        "SET sql_log_bin = 0; CREATE DATABASE {DATABASE}; USE {DATABASE};
         CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO marker SELECT seq, 0 FROM seq_1_to_{WRITERS};"
    );
    for table in 1..=TABLES {
        sql += &format!(
            "CREATE TABLE sbtest{table} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_{table} (k));
             INSERT INTO sbtest{table} SELECT seq, 1 + (seq * 7919) % {ROWS}, RPAD(SHA2(seq, 512), 119, '-'), RPAD(MD5(seq), 59, '-') FROM seq_1_to_{ROWS}; ANALYZE TABLE sbtest{table};"
        );
    }
    server.sql(&sql)?;
    Ok(())
}

/// The end of a server's log.
pub(crate) fn log_end(server: &Server) -> Result<LogPosition, Failure> {
    let status = server.sql("SHOW MASTER STATUS")?;
    let mut fields = status.split('\t').map(str::trim);
    let file = fields.next().unwrap_or_default();
    let offset = fields.next().unwrap_or_default().parse()?;
    LogPosition::new(file, offset).ok_or_else(|| "the server keeps no log".into())
}

/// Whether two servers hold the same rows, by their own checksums.
pub(crate) fn hold_the_same(one: &Server, other: &Server) -> Result<bool, Failure> {
    let tables: Vec<String> = (1..=TABLES).map(|table| format!("sbtest{table}")).collect();
    let sql = format!(
        "USE {DATABASE}; CHECKSUM TABLE marker, {} EXTENDED",
        tables.join(", ")
    );
    Ok(one.sql(&sql)? == other.sql(&sql)?)
}

/// Opens a session in the benchmark's database.
pub(crate) async fn connect(port: u16) -> Result<Conn, Failure> {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(USER))
        .pass(Some(PASSWORD))
        .db_name(Some(DATABASE))
        .prefer_socket(false);
    Ok(Conn::new(options).await?)
}

/// So many transactions, as fast as the sessions can.
pub(crate) async fn record(port: u16, transactions: u64, seed: u64) -> Result<(), Failure> {
    let mut sessions = JoinSet::new();
    for writer in 1..=WRITERS {
        sessions.spawn(async move {
            let mut conn = connect(port).await?;
            let mut random = Random::new(seed * 31 + writer);
            for _ in 0..transactions / WRITERS {
                transact(&mut conn, &mut random, None).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = sessions.join_next().await {
        ended??;
    }
    Ok(())
}

/// One transaction of four row changes. With a mark, one of them sets that writer's row of `marker` to that number.
pub(crate) async fn transact(
    conn: &mut Conn,
    random: &mut Random,
    mark: Option<(u64, u64)>,
) -> Result<(), Failure> {
    loop {
        match try_transact(conn, random, mark).await {
            Err(mysql_async::Error::Server(error)) if TRY_AGAIN.contains(&error.code) => {
                conn.query_drop("ROLLBACK").await?;
            }
            result => return Ok(result?),
        }
    }
}

async fn try_transact(
    conn: &mut Conn,
    random: &mut Random,
    mark: Option<(u64, u64)>,
) -> Result<(), mysql_async::Error> {
    let table = 1 + random.below(TABLES);
    let (first, second, third) = (random.id(), random.id(), random.id());
    let (k, c, pad) = (1 + random.below(ROWS), random.text(119), random.text(59));
    let other = match mark {
        Some((writer, n)) => format!("UPDATE marker SET n = {n} WHERE id = {writer}"),
        None => format!(
            "UPDATE sbtest{table} SET c = '{}' WHERE id = {second}",
            random.text(119)
        ),
    };
    for statement in [
        "BEGIN".to_owned(),
        format!("UPDATE sbtest{table} SET k = k + 1 WHERE id = {first}"),
        other,
        format!("DELETE FROM sbtest{table} WHERE id = {third}"),
        format!("INSERT INTO sbtest{table} VALUES ({third}, {k}, '{c}', '{pad}')"),
        "COMMIT".to_owned(),
    ] {
        conn.query_drop(statement).await?;
    }
    Ok(())
}

/// Random numbers that a seed repeats.
pub(crate) struct Random(u64);

impl Random {
    /// From a seed.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn id(&mut self) -> u64 {
        if self.below(4) < 3 {
            (ROWS - HOT_ROWS) / 2 + self.below(HOT_ROWS)
        } else {
            1 + self.below(ROWS)
        }
    }

    fn text(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 12);
        while text.len() < length {
            text += &format!("{:011}-", self.below(100_000_000_000));
        }
        text.truncate(length);
        text
    }
}
