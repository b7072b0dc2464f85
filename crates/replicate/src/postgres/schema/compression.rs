//! How values of columns are compressed, where the target cannot do it: a server may be built without lz4.

use super::left_out::LeftOut;
use crate::error::ReplicateError;
use crate::postgres::session::Session;

/// Columns of the source that name a compression which the target does not have. They lose that name, and nothing else. `None`: there are none.
pub(super) async fn refused(
    source: &mut Session,
    target: &mut Session,
) -> Result<Option<LeftOut>, ReplicateError> {
    let doing = "asking for the compressions on offer";
    let sql = "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals))";
    let offered: Option<(bool,)> = target.row(doing, sql).await?;
    if offered == Some((true,)) {
        return Ok(None);
    }
    // Before major 14 a column has no compression of its own.
    let sql = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND to_jsonb(a) ->> 'attcompression' = 'l'";
    let columns: Option<(u64,)> = source.row(doing, sql).await?;
    let (columns,) = columns.unwrap_or_default();
    Ok((columns > 0).then(|| LeftOut {
        what: format!("COMPRESSION lz4 of {columns} column(s)"),
        reason:
            "the target is built without it and compresses their values as its own setting says"
                .to_owned(),
        is_blocker: false,
    }))
}
