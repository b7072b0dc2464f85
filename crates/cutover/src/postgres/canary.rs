//! Canaries: the application's own role tries to write. Their statement would change no row if it were accepted; a fence refuses it all the same, as it
//! asks for each statement and not for each row.

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::Address;
use reberth_replicate::postgres::session::Session;

use crate::engine::Answer;
use crate::error::CutoverError;

/// Tables tried at the most until one is found on which the application has the right.
const TABLES_TRIED: usize = 20;
/// The fence spares sessions that bear our name, so a canary bears another; and a policy on rows is no reason to be refused.
const SETTINGS: &[(&str, &str)] = &[
    ("application_name", "reberth-canary"),
    ("row_security", "on"),
];
/// What a server says to a role that may not log in, after its password was right.
const NO_LOGIN: &str = "is not permitted to log in";
/// What the fence says.
const FENCED: &str = "is being moved and takes no writes";

/// A session of the application whose write was accepted.
#[derive(Debug)]
pub struct Canary {
    session: Session,
    statement: String,
}

/// Logs in as the application and tries to write.
pub(super) async fn send(app: &Address, tables: &[String]) -> Result<Answer<Canary>, CutoverError> {
    let mut session = match Session::open_with(app, SETTINGS).await {
        Ok(session) => session,
        Err(error @ ReplicateError::Refused { .. }) => return Ok(Answer::Refused(words(&error))),
        Err(error) => return Err(error.into()),
    };
    let mut refusal = "there is no table to write to".to_owned();
    for table in tables.iter().take(TABLES_TRIED) {
        let statement = format!("DELETE FROM {table} WHERE false");
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

/// Whether these are the words of a side that is shut and could be opened, and not those of an account that does not work.
pub(super) fn is_shut(words: &str) -> bool {
    words.contains(NO_LOGIN) || words.contains(FENCED)
}

impl Canary {
    /// The same write again, after the fence. `Err` holds the words with which it was cut or refused.
    pub(super) async fn write_again(&mut self) -> Result<(), String> {
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
