//! Canaries: the application's own account tries to write. Their statement would change no row if it were accepted, so that the proof itself does no
//! harm.
//!
//! A refusal proves something only if the same write is accepted while there is no fence; `ready` asks for that. A canary that cannot reach the
//! server proves nothing at all.

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::{Address, Session};
use reberth_replicate::mysql::schema::Schema;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::value::quote_name;

use crate::engine::Answer;
use crate::error::CutoverError;

/// Tables tried at the most until one is found on which the application has the right.
const TABLES_TRIED: usize = 20;

/// A session of the application whose write was accepted.
#[derive(Debug)]
pub struct Canary {
    session: Session,
    statement: String,
}

/// Logs in as the application and tries to write.
pub(crate) async fn send(app: &Address, schema: &Schema) -> Result<Answer<Canary>, CutoverError> {
    let mut session = match server::reader(app).await {
        Ok(session) => session,
        Err(error @ ReplicateError::Refused { .. }) => return Ok(Answer::Refused(words(&error))),
        Err(error) => return Err(error.into()),
    };
    let mut refusal = "there is no table to write to".to_owned();
    for table in schema.tables.keys().take(TABLES_TRIED) {
        let statement = format!(
            "DELETE FROM {}.{} WHERE FALSE",
            quote_name(&schema.database),
            quote_name(table)
        );
        match session
            .run("trying to write as the application", &statement)
            .await
        {
            Ok(_) => return Ok(Answer::Accepted(Canary { session, statement })),
            Err(error @ ReplicateError::Refused { .. }) => refusal = words(&error),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Answer::Refused(refusal))
}

impl Canary {
    /// Ends the account's other sessions, and then leaves: for a fence that may not end sessions of others.
    pub(crate) async fn end_its_own_kind(mut self) -> Result<u64, CutoverError> {
        super::sessions::end_own(&mut self.session).await
    }

    /// The same write again, after the fence. `Err` holds the words with which it was cut or refused.
    pub(crate) async fn write_again(&mut self) -> Result<(), String> {
        let answer = self
            .session
            .run("trying to write as the application", &self.statement)
            .await;
        answer.map(drop).map_err(|error| words(&error))
    }
}

fn words(error: &ReplicateError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}
