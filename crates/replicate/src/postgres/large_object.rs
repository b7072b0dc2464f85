//! Carries large objects: those of the target become what those of the source are.
//!
//! No stream tells of their changes, neither the log's decoding nor triggers. So this is done twice: beside the copy, where it carries almost everything, and
//! when the source is fenced, where it finds what changed since. Both servers hash each object, piece by piece, and only pieces that differ
//! travel; so a run that was killed goes on with what is missing, and nothing of it is kept in a state table.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

/// Objects that are compared in one statement.
const OBJECTS_AT_ONCE: usize = 500;
/// Bytes that are hashed and carried at once; twice as many are on the wire.
const PIECE_BYTES: i64 = 1 << 20;
/// `INV_READ` and `INV_WRITE` of PostgreSQL's `libpq-fs.h`.
const READ: i32 = 0x40000;
const WRITE: i32 = 0x20000;

/// What was found and carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Objects of the source.
    pub objects: u64,
    /// Objects that were made, changed or removed on the target.
    pub changed: u64,
    /// Bytes that travelled.
    pub bytes: u64,
}

/// An object as one side describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Described {
    bytes: i64,
    first_piece_hash: String,
    comment: Option<String>,
}

/// Makes the target's large objects equal to the source's. Those that only the target has are removed, so this is for a target on which nobody else
/// has made any.
///
/// Both accounts must be allowed to read each object, which its owner is.
pub async fn carry(source: &mut Session, target: &mut Session) -> Result<Carried, ReplicateError> {
    let mut carried = Carried::default();
    let mut after = 0;
    loop {
        let wanted = describe(source, after, None).await?;
        let count = wanted.len();
        carried.objects += count as u64;
        if let Some(last) = wanted.keys().next_back().copied() {
            let mut found = describe(target, after, Some(last)).await?;
            for (oid, wanted) in wanted {
                let own = found.remove(&oid);
                let bytes = level(source, target, oid, &wanted, own.as_ref()).await?;
                carried.changed += u64::from(bytes.is_some());
                carried.bytes += bytes.unwrap_or_default();
            }
            for oid in found.keys() {
                let sql = format!("SELECT lo_unlink({oid})");
                target.run(REMOVING, sql).await?;
                carried.changed += 1;
            }
            after = last;
        }
        if count < OBJECTS_AT_ONCE {
            carried.changed += remove_behind(target, after).await?;
            return Ok(carried);
        }
    }
}

/// The numbers of the objects that are not the same on both sides.
pub async fn differing(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<u32>, ReplicateError> {
    let mut differing = Vec::new();
    let mut after = 0;
    loop {
        let here = describe(source, after, None).await?;
        let is_last = here.len() < OBJECTS_AT_ONCE;
        // Behind the source's last one only the target's are left.
        let until = here
            .keys()
            .next_back()
            .copied()
            .filter(|_| !is_last)
            .unwrap_or(u32::MAX);
        let mut there = describe(target, after, Some(until)).await?;
        for (oid, wanted) in here {
            match there.remove(&oid) {
                Some(own)
                    if own == wanted && is_same(source, target, oid, wanted.bytes).await? => {}
                _ => differing.push(oid),
            }
        }
        differing.extend(there.into_keys());
        if is_last {
            return Ok(differing);
        }
        after = until;
    }
}

/// Whether all pieces behind the first are the same.
async fn is_same(
    source: &mut Session,
    target: &mut Session,
    oid: u32,
    bytes: i64,
) -> Result<bool, ReplicateError> {
    let mut offset = PIECE_BYTES;
    while offset < bytes {
        if piece_hash(source, oid, offset).await? != piece_hash(target, oid, offset).await? {
            return Ok(false);
        }
        offset += PIECE_BYTES;
    }
    Ok(true)
}

const REMOVING: &str = "removing large objects";

/// Removes the target's objects after a number; a bounded count at once, since each takes a lock.
async fn remove_behind(target: &mut Session, after: u32) -> Result<u64, ReplicateError> {
    let mut removed = 0;
    loop {
        let sql = format!(
            "SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata WHERE oid > {after} LIMIT {OBJECTS_AT_ONCE}) AS o"
        );
        let rows: Vec<(i32,)> = target
            .rows_within(LONG_STATEMENT_LIMIT, REMOVING, sql)
            .await?;
        removed += rows.len() as u64;
        if rows.len() < OBJECTS_AT_ONCE {
            return Ok(removed);
        }
    }
}

/// The objects after a number, in their order: a bounded count of them, or all up to another number.
async fn describe(
    session: &mut Session,
    after: u32,
    until: Option<u32>,
) -> Result<BTreeMap<u32, Described>, ReplicateError> {
    type Row = (u32, i64, String, Option<String>);
    let upper = match until {
        Some(until) => format!("oid <= {until} ORDER BY oid"),
        None => format!("true ORDER BY oid LIMIT {OBJECTS_AT_ONCE}"),
    };
    let sql = format!(
        "SELECT o.oid, lo_lseek64(lo_open(o.oid, {READ}), 0, 2), encode(sha256(lo_get(o.oid, 0, {PIECE_BYTES})), 'hex'),
                obj_description(o.oid, 'pg_largeobject')
         FROM (SELECT oid FROM pg_largeobject_metadata WHERE oid > {after} AND {upper}) AS o"
    );
    let doing = "hashing large objects";
    let rows: Vec<Row> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    let described = |(oid, bytes, first_piece_hash, comment)| {
        (
            oid,
            Described {
                bytes,
                first_piece_hash,
                comment,
            },
        )
    };
    Ok(rows.into_iter().map(described).collect())
}

/// Makes one object as it is wanted. Returns the bytes that travelled; `None`: it was so already.
async fn level(
    source: &mut Session,
    target: &mut Session,
    oid: u32,
    wanted: &Described,
    own: Option<&Described>,
) -> Result<Option<u64>, ReplicateError> {
    const DOING: &str = "making a large object";
    let mut is_changed = own != Some(wanted);
    if own.is_none() {
        target
            .run(DOING, format!("SELECT lo_create({oid})"))
            .await?;
    }
    let mut travelled = 0;
    let mut offset = 0;
    while offset < wanted.bytes {
        let is_equal = match own {
            Some(own) if offset == 0 => own.first_piece_hash == wanted.first_piece_hash,
            Some(own) if offset < own.bytes => {
                piece_hash(source, oid, offset).await? == piece_hash(target, oid, offset).await?
            }
            _ => false,
        };
        if !is_equal {
            is_changed = true;
            travelled += carry_piece(source, target, oid, offset).await?;
        }
        offset += PIECE_BYTES;
    }
    if own.is_some_and(|own| own.bytes != wanted.bytes) {
        // Shorter objects are cut; of longer ones the carried pieces have reached the end already.
        let sql = format!(
            "SELECT lo_truncate64(lo_open({oid}, {WRITE}), {})",
            wanted.bytes
        );
        target.run(DOING, sql).await?;
    }
    if own.and_then(|own| own.comment.as_ref()) != wanted.comment.as_ref() {
        let comment = wanted
            .comment
            .as_deref()
            .map_or("NULL".to_owned(), quote_text);
        target
            .run(DOING, format!("COMMENT ON LARGE OBJECT {oid} IS {comment}"))
            .await?;
    }
    Ok(is_changed.then_some(travelled))
}

async fn piece_hash(
    session: &mut Session,
    oid: u32,
    offset: i64,
) -> Result<String, ReplicateError> {
    let sql = format!("SELECT encode(sha256(lo_get({oid}, {offset}, {PIECE_BYTES})), 'hex')");
    let row: Option<(String,)> = session.row("hashing a large object", sql).await?;
    Ok(row.map_or(String::new(), |(hash,)| hash))
}

async fn carry_piece(
    source: &mut Session,
    target: &mut Session,
    oid: u32,
    offset: i64,
) -> Result<u64, ReplicateError> {
    let sql = format!("SELECT lo_get({oid}, {offset}, {PIECE_BYTES})");
    let piece: Option<(String,)> = source.row("reading a large object", sql).await?;
    let Some((piece,)) = piece else {
        return Ok(0);
    };
    let sql = format!("SELECT lo_put({oid}, {offset}, '{piece}')");
    target.run("writing a large object", sql).await?;
    // `\x`, then two digits a byte.
    Ok(piece.len().saturating_sub(2) as u64 / 2)
}
