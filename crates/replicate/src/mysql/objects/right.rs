//! Whether a server lets an account make functions and triggers.

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::state::own_schema;

/// A server that logs refuses both from accounts without SUPER (errors 1418 and 1419), unless it is told to trust them. So a function is made, in
/// Reberth's own schema, and dropped again. Returns the server's words if it refuses.
pub async fn to_make_functions(session: &mut Session) -> Result<Option<String>, ReplicateError> {
    own_schema::lock(session).await?;
    let tried = try_to_make_one(session).await;
    own_schema::unlock(session, tried).await
}

async fn try_to_make_one(session: &mut Session) -> Result<Option<String>, ReplicateError> {
    own_schema::prepare_database(session).await?;
    let name = format!("reberth.function_probe_{}", session.id());
    let made = session
        .run(
            "trying to make a function",
            format!("CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC NO SQL RETURN 1"),
        )
        .await;
    match made {
        Ok(_) => {
            let sql = format!("DROP FUNCTION IF EXISTS {name}");
            session
                .run("removing the function that was tried", sql)
                .await?;
            Ok(None)
        }
        Err(ReplicateError::Refused { source, .. }) => Ok(Some(source.to_string())),
        Err(error) => Err(error),
    }
}

/// The same without making anything: why the server would refuse, as its settings and the account's own grants tell.
pub async fn refused_by_settings(session: &mut Session) -> Result<Option<String>, ReplicateError> {
    let settings: Option<(bool, bool)> = session
        .row(
            "asking whom the server trusts",
            "SELECT @@global.log_bin, @@global.log_bin_trust_function_creators",
        )
        .await?;
    if settings.is_none_or(|(logs, trusts)| !logs || trusts) {
        return Ok(None);
    }
    let grants: Vec<String> = session
        .rows("listing the writer's rights", "SHOW GRANTS")
        .await?;
    let is_super = |grant: &String| {
        let (rights, place) = grant.split_once(" ON ").unwrap_or((grant, ""));
        place.starts_with("*.*") && (rights.contains("SUPER") || rights.contains("ALL PRIVILEGES"))
    };
    if grants.iter().any(is_super) {
        return Ok(None);
    }
    let words =
        "the target keeps a log and log_bin_trust_function_creators is off (errors 1418 and 1419)";
    Ok(Some(words.to_owned()))
}
