//! Loads of writes: pgbench's own transaction, and one in the manner of sysbench's `oltp_write_only`.

use reberth_replicate::Address;
use reberth_replicate::postgres::session::Session;
use reberth_testkit::postgres::Postgres;
use tokio::task::JoinSet;

use super::servers::DATABASE;
use crate::Failure;

/// Sessions that write.
pub(crate) const WRITERS: u64 = 4;
/// Row changes of a transaction, of either kind.
pub(crate) const CHANGES: u64 = 4;
/// Tables of the second load, and rows of each.
const TABLES: u64 = 4;
const ROWS: u64 = 200_000;
/// Branches of the first load.
const BRANCHES: u64 = 10;
const TELLERS: u64 = BRANCHES * 10;
const ACCOUNTS: u64 = BRANCHES * 100_000;

/// A kind of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// pgbench's: an account, a teller and a branch change, a row of history comes.
    TpcB,
    /// Two rows change, one goes, and comes back with other values; no row is touched much more often than others.
    Oltp,
}

impl Load {
    /// Its name in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Load::TpcB => "pgbench",
            Load::Oltp => "four rows of many",
        }
    }
}

/// Makes the tables of a load and their rows, which are the same on every server.
pub(crate) fn seed(server: &Postgres, database: &str, load: Load) -> Result<(), Failure> {
    let tables = match load {
        Load::TpcB => format!(
            "CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88)); INSERT INTO pgbench_branches SELECT n, 0, '' FROM generate_series(1, {BRANCHES}) n;
             CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int REFERENCES pgbench_branches, tbalance int, filler char(84)); INSERT INTO pgbench_tellers SELECT n, 1 + (n - 1) / 10, 0, '' FROM generate_series(1, {TELLERS}) n;
             CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int REFERENCES pgbench_branches, abalance int, filler char(84)); INSERT INTO pgbench_accounts SELECT n, 1 + (n - 1) / 100000, 0, '' FROM generate_series(1, {ACCOUNTS}) n;
             CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22)); ALTER TABLE pgbench_history REPLICA IDENTITY FULL;"
        ),
        Load::Oltp => (1..=TABLES)
            .map(|table| {
                format!(
                    "CREATE TABLE sbtest{table} (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL); CREATE INDEX ON sbtest{table} (k);
                     INSERT INTO sbtest{table} SELECT n, (n * 7919::bigint) % {ROWS}, md5(n::text), md5(n::text) FROM generate_series(1, {ROWS}) n;"
                )
            })
            .collect(),
    };
    let sql = format!(
        "SET synchronous_commit = off; {tables} CREATE TABLE marker (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 20);
         INSERT INTO marker SELECT n, 0 FROM generate_series(0, {WRITERS}) n; VACUUM (FREEZE, ANALYZE);"
    );
    server.sql(database, &sql)?;
    Ok(())
}

/// Opens a session of the application.
pub(crate) async fn application(address: &Address, commits: &str) -> Result<Session, Failure> {
    let settings = [("search_path", "public"), ("synchronous_commit", commits)];
    Ok(Session::open_with(address, &settings).await?)
}

/// Writes so many transactions over all sessions. `commits` is their `synchronous_commit`.
pub(crate) async fn write(
    address: &Address,
    load: Load,
    transactions: u64,
    seed: u64,
    commits: &'static str,
) -> Result<(), Failure> {
    let mut writers = JoinSet::new();
    for writer in 1..=WRITERS {
        let address = address.clone();
        writers.spawn(async move {
            let mut session = application(&address, commits).await?;
            let mut random = Random::new(seed * WRITERS + writer);
            for _ in 0..transactions / WRITERS {
                transact(&mut session, load, &mut random, writer, None).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// One transaction, each of its statements sent for itself as applications do. With a mark, one of its changes sets the writer's row of `marker` to
/// that number. Writers of [`Load::Oltp`] share no rows, so that none waits for another.
pub(crate) async fn transact(
    session: &mut Session,
    load: Load,
    random: &mut Random,
    writer: u64,
    mark: Option<u64>,
) -> Result<(), Failure> {
    let statements = match load {
        Load::TpcB => tpc_b(random),
        Load::Oltp => oltp(random, writer, mark),
    };
    session.run("writing", "BEGIN").await?;
    for statement in statements {
        session.run("writing", statement).await?;
    }
    session.run("writing", "COMMIT").await?;
    Ok(())
}

fn tpc_b(random: &mut Random) -> Vec<String> {
    let (account, teller) = (1 + random.below(ACCOUNTS), 1 + random.below(TELLERS));
    let branch = 1 + random.below(BRANCHES);
    let delta = random.below(10_000) as i64 - 5_000;
    vec![
        format!("UPDATE pgbench_accounts SET abalance = abalance + {delta} WHERE aid = {account}"),
        format!("UPDATE pgbench_tellers SET tbalance = tbalance + {delta} WHERE tid = {teller}"),
        format!("UPDATE pgbench_branches SET bbalance = bbalance + {delta} WHERE bid = {branch}"),
        format!(
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ({teller}, {branch}, {account}, {delta}, current_timestamp)"
        ),
    ]
}

fn oltp(random: &mut Random, writer: u64, mark: Option<u64>) -> Vec<String> {
    let table = 1 + random.below(TABLES);
    let mut id = || 1 + random.below(ROWS / WRITERS) * WRITERS + writer % WRITERS;
    let (one, two, three) = (id(), id(), id());
    let other = match mark {
        Some(n) => format!("UPDATE marker SET n = {n} WHERE id = {writer}"),
        None => format!("UPDATE sbtest{table} SET c = '{three}' WHERE id = {two}"),
    };
    vec![
        format!("UPDATE sbtest{table} SET k = k + 1 WHERE id = {one}"),
        other,
        format!("DELETE FROM sbtest{table} WHERE id = {three}"),
        format!("INSERT INTO sbtest{table} VALUES ({three}, {one}, 'c', 'p')"),
    ]
}

/// Sets row 0 of `marker`, so that it can be seen when all before it has arrived.
pub(crate) fn mark(server: &Postgres, n: u64) -> Result<(), Failure> {
    server.sql(DATABASE, &format!("UPDATE marker SET n = {n} WHERE id = 0"))?;
    Ok(())
}

/// Waits until a server shows row 0 of `marker` with that number.
pub(crate) async fn wait_for_mark(session: &mut Session, n: u64) -> Result<(), Failure> {
    const LOOK: std::time::Duration = std::time::Duration::from_millis(5);
    loop {
        let sql = "SELECT n FROM public.marker WHERE id = 0";
        let found: Option<(u64,)> = session.row("looking at the marker", sql).await?;
        if found == Some((n,)) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
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
}
