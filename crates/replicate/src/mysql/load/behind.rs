//! How far a source that is itself a replica lies behind its own source.

use std::time::{Duration, Instant};

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};

/// How often it is asked for; the server counts in whole seconds.
const LOOK: Duration = Duration::from_secs(1);

/// Asks for the lag of a replica, for as long as the reader may ask.
#[derive(Debug)]
pub(super) struct Behind {
    /// The question, and the column of its answer. `None`: the server does not tell us.
    question: Option<(&'static str, &'static str)>,
    asked: Option<Instant>,
    seconds: f64,
}

impl Behind {
    pub(super) async fn of(session: &mut Session) -> Result<Behind, ReplicateError> {
        let question = match server::version(session).await?.flavour {
            Flavour::MariaDb => ("SHOW ALL SLAVES STATUS", "Seconds_Behind_Master"),
            Flavour::MySql => ("SHOW REPLICA STATUS", "Seconds_Behind_Source"),
        };
        Ok(Behind {
            question: Some(question),
            asked: None,
            seconds: 0.0,
        })
    }

    /// Seconds behind, by the channel that is furthest behind; 0 for a server that is no replica, or does not tell.
    pub(super) async fn seconds(&mut self, session: &mut Session) -> Result<f64, ReplicateError> {
        let Some((sql, column)) = self.question else {
            return Ok(0.0);
        };
        if self.asked.is_some_and(|asked| asked.elapsed() < LOOK) {
            return Ok(self.seconds);
        }
        self.asked = Some(Instant::now());
        let doing = "asking how far the source is behind its own source";
        match session.rows::<mysql_async::Row>(doing, sql).await {
            Ok(channels) => {
                let behind = channels
                    .iter()
                    .filter_map(|channel| channel.get::<Option<u64>, _>(column).flatten());
                self.seconds = behind.max().unwrap_or_default() as f64;
            }
            Err(ReplicateError::Refused { .. }) => (self.question, self.seconds) = (None, 0.0),
            Err(error) => return Err(error),
        }
        Ok(self.seconds)
    }
}
