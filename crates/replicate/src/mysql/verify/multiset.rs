//! A table without a key, as one number: its rows have no order, and may stand in it several times.
//!
//! The SHA-256 of each row is made in the server; here they are added up as 256-bit integers, beside the count of the rows (rule 7). A row that is there twice
//! counts twice, which an exclusive-or would not see. The servers could add up too, but only 64 bits at a time and through decimal text,
//! at five times the price; 32 bytes a row cross the network instead, and nothing is held in memory.

use futures_util::StreamExt;
use mysql_async::prelude::Queryable;

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;

/// Bytes of a SHA-256.
const HASH_BYTES: usize = 32;

/// Count and sum of row hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Multiset {
    /// Rows.
    pub(super) rows: u64,
    /// The sum of their hashes, modulo 2 to the power of 256, least byte last.
    sum: [u8; HASH_BYTES],
}

impl Multiset {
    fn add(&mut self, hash: &[u8; HASH_BYTES]) {
        self.rows += 1;
        let mut carry = 0;
        for (total, byte) in self.sum.iter_mut().zip(hash).rev() {
            let added = u16::from(*total) + u16::from(*byte) + carry;
            *total = added as u8;
            carry = added >> 8;
        }
    }
}

/// Adds up the hashes that a query answers with, one a row.
pub(super) async fn add_up(
    session: &mut Session,
    table: &str,
    sql: &[u8],
) -> Result<Multiset, ReplicateError> {
    let address = session.address().clone();
    let doing = format!("hashing table {table}");
    let failed = |error| address.error(&doing, error);
    let silent = |_| ReplicateError::Silent {
        side: address.side(),
        host: address.host(),
        doing: doing.clone(),
        limit_s: LONG_STATEMENT_LIMIT.as_secs(),
    };
    let hashes = session.conn().query_stream::<Option<Vec<u8>>, _>(sql);
    let mut hashes = tokio::time::timeout(LONG_STATEMENT_LIMIT, hashes)
        .await
        .map_err(silent)?
        .map_err(failed)?;
    let mut multiset = Multiset::default();
    loop {
        let next = tokio::time::timeout(LONG_STATEMENT_LIMIT, hashes.next())
            .await
            .map_err(silent)?;
        let Some(hash) = next else {
            return Ok(multiset);
        };
        // NULL: a row that was not hashed must not pass for one that was.
        let hash = hash.map_err(failed)?.and_then(|hash| hash.try_into().ok());
        let hash = hash.ok_or_else(|| super::hashes::too_long(table))?;
        multiset.add(&hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_as_often_as_they_stand_there() {
        let of = |hashes: &[u8]| {
            let mut multiset = Multiset::default();
            for &byte in hashes {
                multiset.add(&[byte; HASH_BYTES]);
            }
            multiset
        };
        assert_eq!(of(b"acab"), of(b"baca"));
        assert_ne!(of(b"aac"), of(b"bbc"));
        assert_ne!(of(b""), of(&[0]));
        // A carry runs through all bytes: 255 and 1 of each make 2 to the power of 256.
        let mut full = of(&[255]);
        let mut one = [0; HASH_BYTES];
        one[HASH_BYTES - 1] = 1;
        full.add(&one);
        assert_eq!((full.rows, full.sum), (2, [0; HASH_BYTES]));
    }
}
