//! Rows that an application keeps in tables of extensions, such as the jobs of pg_cron and reference systems that were added to PostGIS. These tables belong to the
//! extension, which brings its own rows with it, so they are not moved; an extension says which rows are not its own (`pg_extension_config_dump`; PostgreSQL
//! manual, "Extension Configuration Tables").

use super::session::Session;
use crate::connection::Address;
use crate::error::ReplicateError;

/// The extension, the path of a table, and the condition under which a row is not the extension's own.
type Kept = (String, String, String);

/// A sentence for each table that holds such rows, or may.
pub(super) async fn remarks(source: &Address) -> Result<Vec<String>, ReplicateError> {
    // Tables that show everybody his own rows are no error here: what this account sees is told.
    let mut session = Session::open_with(source, &[("row_security", "on")]).await?;
    let sql = "SELECT e.extname, format('%I.%I', n.nspname, c.relname), coalesce(k.condition, '') \
               FROM pg_extension e CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS k (id, condition) \
               JOIN pg_class c ON c.oid = k.id JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2";
    let tables: Vec<Kept> = session.rows("listing tables of extensions", sql).await?;
    let mut remarks = Vec::new();
    for (extension, table, condition) in tables {
        let doing = format!("counting rows in {table}");
        let count = format!("SELECT count(*) FROM {table} {condition}");
        let rows = match session.row(&doing, count).await {
            Ok(Some((0_u64,))) | Ok(None) => continue,
            Ok(Some((rows,))) => format!("holds {rows} row(s)"),
            Err(ReplicateError::Refused { .. }) => {
                "may hold rows, which this account may not read,".to_owned()
            }
            Err(error) => return Err(error),
        };
        remarks.push(format!(
            "the extension {extension} keeps its tables to itself: {table} {rows} that did not come with it, which are not moved; bring them over by the extension's own functions"
        ));
    }
    Ok(remarks)
}
