//! A stream by either method between the same two servers, over ports of the test's choice.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::postgres::capture::{install, keys};
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::table;
use reberth_replicate::running::RunningStream;
use reberth_replicate::{Address, Secret};
use reberth_testkit::postgres::{PASSWORD, Postgres};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{DATABASE, Pair};

/// Bytes of noted keys, more than any of these tests notes.
const LIMIT_BYTES: u64 = 1 << 30;

/// Makes the pair ready for a method: a capture wants its triggers.
pub(super) async fn prepare(pair: &Pair, method: Method) {
    if method == Method::Logical {
        return;
    }
    let mut source = Session::open(&super::address(&pair.source, "source"))
        .await
        .expect("a session");
    let tables = table::read(&mut source).await.expect("tables");
    let captured = keys::read(&mut source, &tables).await.expect("keys");
    install::install(&mut source, &captured, LIMIT_BYTES)
        .await
        .expect("the capture is installed");
}

/// The plan over these ports.
pub(super) fn plan(pair: &Pair, method: Method, source: u16, target: u16) -> StreamPlan {
    let address = |server: &Postgres, port: u16, side: &'static str| {
        let url = server.url("mover", PASSWORD, DATABASE);
        let url = url.replace(&format!(":{}/", server.port()), &format!(":{port}/"));
        Address::parse(&Secret::new(url), side, side).expect("an address")
    };
    StreamPlan {
        method,
        from: address(&pair.source, source, "source"),
        to: address(&pair.target, target, "target"),
        ..pair.plan()
    }
}

/// A stream over these ports.
pub(super) fn stream(pair: &Pair, method: Method, source: u16, target: u16) -> RunningStream {
    let plan = plan(pair, method, source, target);
    pipeline::start(plan, Arc::new(Semaphore::new(2)))
}

/// Changes rows all the time, and begins again when its server was away.
pub(super) struct Writer {
    stop: watch::Sender<bool>,
    task: JoinSet<u64>,
}

impl Writer {
    pub(super) fn start(pair: &Pair) -> Writer {
        let (stop, stopped) = watch::channel(false);
        let mut task = JoinSet::new();
        let address = super::address(&pair.source, "source");
        task.spawn(async move {
            let mut written = 0;
            let mut session = None;
            while !*stopped.borrow() {
                let open = match session.take() {
                    Some(open) => Some(open),
                    None => Session::open(&address).await.ok(),
                };
                if let Some(mut open) = open {
                    written += 1;
                    let sql = format!(
                        "INSERT INTO public.plain VALUES ({written} + 1000000, {written}, 'n') ON CONFLICT DO NOTHING; UPDATE public.plain SET v = v + 1 WHERE id = {written} % 5000; \
                         UPDATE public.two_keys SET place = -place WHERE id = {written} % 700; DELETE FROM public.plain WHERE id = {written} + 999990"
                    );
                    session = open.run("writing", sql).await.is_ok().then_some(open);
                }
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
            written
        });
        Writer { stop, task }
    }

    /// Ends it in order.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        let written = self.task.join_next().await.expect("a writer");
        assert!(written.expect("it ends in order") > 50);
    }
}
