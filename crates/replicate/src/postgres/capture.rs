//! Following a source that gives nobody the REPLICATION right, by triggers that note the keys of what changes.
//!
//! A trigger on every table writes the keys of the rows that a statement touched into `reberth.change`, in the application's own transaction and with
//! that transaction's number. The reader takes snapshots S_0, S_1, S_2, … of the source and moves the target from one to the next.
//!
//! # Why the target is exactly S_n after batch n
//!
//! *What a batch holds.* Batch n holds the keys of the change rows that are visible in S_n and not in S_(n-1). The reader finds them inside a REPEATABLE READ
//! transaction whose snapshot is S_n, so the server itself shows no other rows than those visible in S_n; and `NOT pg_visible_in_snapshot(xid, S_(n-1))`,
//! written so that an index serves it ([`Cut::unseen`]), leaves out those of S_(n-1). Transactions become visible in another order than they got their
//! numbers: a transaction with an old number may commit after many younger ones. So nothing is ever cut or ordered by number (rule 26): a change row that was
//! not visible at one cut is found at the first cut at which it is, whatever its number. The number is that of the top transaction, which is what
//! snapshots speak of, so savepoints make no difference; a prepared transaction counts as running until `COMMIT PREPARED`.
//!
//! *No key is missing.* Take a row that differs between S_(n-1) and S_n. Some transaction visible in S_n and not in S_(n-1) changed it, and the trigger noted
//! the row's old and new key in that transaction, or there was no trigger at that moment. The triggers of all tables are committed before S_0 is taken, and making one waits
//! for the transactions that write the table; so a transaction that wrote it before there was a trigger is visible in S_0 (rule 28).
//! A trigger that was dropped, disabled or switched off since then changes the catalogue or `reberth.capture`; whoever wrote a row without it saw that change, so every
//! snapshot that shows the row shows the change too, and the batch is refused ([`catalogue`], rule 23).
//!
//! *The rows are those of S_n.* Only keys are noted. The rows themselves are read in the transaction of S_n, so a touched key either has its row of S_n or has
//! none and is deleted (rule 27). Images noted by the triggers would be wrong: triggers of the application that change other rows, or the same row again, are run in an
//! order that is not the order of the images. A snapshot does not protect from what is done to a table's file: after a `TRUNCATE` or a rewrite that committed behind S_n
//! a reader in S_n sees an empty table. So the catalogue is compared once more after the reading, while the reader's locks keep such statements
//! out; if it moved, the batch is thrown away and cut anew.
//!
//! Tables without a key have rows that nothing names. Of these the rows themselves are noted and counted, which has an argument of its own: [`keyless`].
//!
//! *One batch.* Everything read is applied in one transaction of the target, together with the checkpoint S_(n-1) → S_n under the epoch (rule 18). So the target promises committed
//! states of the source in their order, not each single transaction. The copy at the beginning may be a mixture of moments: S_0 is taken before it, and the first
//! batch's snapshot after it, so every row that differs between the two has its key in that first batch.
//!
//! *TRUNCATE.* It holds every other writer off until it is visible, so all rows of the table in S_n were written by the truncating transaction or after it, and none of those is
//! visible in S_(n-1): their keys are in the same batch. So the table is emptied first and the touched keys are applied after. A file of the table that was replaced without a TRUNCATE
//! (`VACUUM FULL`, `CLUSTER`, a rewriting `ALTER TABLE`) may hold changed values of which no trigger knows: the table is read whole in that batch.
//!
//! # What it costs the source
//!
//! One row of about 60 bytes a touched key, in the transaction that touches it; `reberth.change` is cut into [`install::PARTS`] parts by the minute, and a part is emptied when the
//! target has committed a snapshot that shows all of it ([`prune`]). At a size limit the capture switches itself off, also when no process of ours is alive, and the
//! stream is declared broken (rule 29): the application goes on as if nothing had been there.

pub mod apply;
pub(crate) mod begin;
pub mod catalogue;
pub mod cut;
pub mod fence;
pub mod follow;
pub mod install;
pub(crate) mod keyless;
pub mod keys;
pub mod prune;
pub mod reader;
pub mod remove;
pub(crate) mod short_lock;
mod trigger;

pub use cut::Cut;
pub use keys::Captured;
