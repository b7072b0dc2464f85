//! Materialised views: filled anew on the target, in the order in which they need each other. No stream tells when the source's were filled last.

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::REBUILD_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::scope::RELATIONS;
use crate::postgres::session::Session;

/// The filled views with those that each reads, through plain views too.
fn filled() -> String {
    format!(
        "
    WITH RECURSIVE reads (view, read) AS (
      SELECT r.ev_class, d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
      WHERE d.refobjid <> r.ev_class
      UNION SELECT reads.view, d.refobjid FROM reads JOIN pg_rewrite r ON r.ev_class = reads.read
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass WHERE d.refobjid <> r.ev_class)
    SELECT format('%I.%I', n.nspname, c.relname),
           coalesce((SELECT string_agg(DISTINCT format('%I.%I', rn.nspname, rc.relname), chr(10)) FROM reads JOIN pg_class rc ON rc.oid = reads.read AND rc.relkind = 'm'
                     JOIN pg_namespace rn ON rn.oid = rc.relnamespace WHERE reads.view = c.oid), '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND {RELATIONS} ORDER BY 1"
    )
}

/// Fills every view that is filled on the source and there on the target. Returns them in the order in which that was done.
pub async fn refresh(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let doing = "listing the materialised views";
    let filled: Vec<(String, String)> = source.rows(doing, filled()).await?;
    let there = "SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews";
    let there: Vec<(String,)> = target.rows(doing, there).await?;
    let there: BTreeSet<String> = there.into_iter().map(|(view,)| view).collect();
    let views: BTreeMap<String, BTreeSet<String>> = filled
        .into_iter()
        .filter(|(view, _)| there.contains(view))
        .map(|(view, reads)| (view, reads.lines().map(str::to_owned).collect()))
        .collect();
    let order = in_order(views);
    for view in &order {
        let doing = format!("filling {view}");
        let sql = format!("REFRESH MATERIALIZED VIEW {view}");
        target.run_within(REBUILD_LIMIT, &doing, sql).await?;
    }
    Ok(order)
}

/// Each behind all that it reads. Views cannot read each other in a circle.
fn in_order(mut views: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    while !views.is_empty() {
        let is_ready =
            |reads: &BTreeSet<String>| reads.iter().all(|read| !views.contains_key(read));
        let ready: Vec<String> = views
            .iter()
            .filter(|(_, reads)| is_ready(reads))
            .map(|(view, _)| view.clone())
            .collect();
        if ready.is_empty() {
            // A circle after all: the server says what is wrong with it.
            order.extend(std::mem::take(&mut views).into_keys());
            break;
        }
        for view in ready {
            views.remove(&view);
            order.push(view);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_come_behind_what_they_read() {
        let reads = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let views = BTreeMap::from([
            ("a".to_owned(), reads(&["b", "c"])),
            ("b".to_owned(), reads(&["c"])),
            ("c".to_owned(), reads(&["gone"])),
        ]);
        assert_eq!(in_order(views), ["c", "b", "a"]);
    }
}
