//! A source with data and writers, and an empty target.

use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::Server;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};

/// Two servers.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
}

impl Pair {
    /// A seeded source and an empty target.
    pub(crate) fn start(name: &str) -> Pair {
        let source = Server::start(&format!("{name}-source"), &[]).expect("the source starts");
        let target = Server::start(&format!("{name}-target"), &[]).expect("the target starts");
        learning::seed(&source, Size::SMALL).expect("the source is seeded");
        learning::prepare_target(&target).expect("the target has accounts");
        Pair { source, target }
    }

    /// The plan of moving source to target.
    pub(crate) fn forward(&self) -> StreamPlan {
        self.forward_over(self.source.port(), self.target.port())
    }

    /// The same over other ports, such as those of proxies.
    pub(crate) fn forward_over(&self, source: u16, target: u16) -> StreamPlan {
        StreamPlan {
            database: DATABASE.to_owned(),
            direction: Direction::Forward,
            from: address(source, "reader", "source"),
            to: address(target, "writer", "target"),
            workers: 2,
        }
    }

    /// Tables whose checksum differs between the two servers.
    pub(crate) fn differing_tables(&self) -> Vec<String> {
        let sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'lms_core' ORDER BY 1";
        let tables = self.source.sql(sql).expect("tables are listed");
        tables
            .lines()
            .filter(|table| {
                let rows = |server: &Server| server.sql(&format!("CHECKSUM TABLE lms_core.{table} EXTENDED; SELECT COUNT(*) FROM lms_core.{table}")).expect("a checksum");
                rows(&self.source) != rows(&self.target)
            })
            .map(str::to_owned)
            .collect()
    }
}

/// An account on a loopback server.
pub(crate) fn address(port: u16, user: &str, side: &'static str) -> Address {
    Address::parse(&Secret::new(format!("mysql://{user}:{PASSWORD}@127.0.0.1:{port}/?tls=off")), user, side).expect("a good address")
}
