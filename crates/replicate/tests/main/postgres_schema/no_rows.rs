//! What no stream of rows carries: sequences and large objects.

use reberth_replicate::postgres::{large_object, sequence};

use super::*;

#[tokio::test]
async fn sequences_stand_behind_every_number_that_was_given() {
    let pair = Pair::rich(Major::V14, Major::V17);
    move_all(&pair).await;
    let given = "SELECT nextval('sales.customer_id_seq') FROM generate_series(1, 7); SELECT setval('sales.tiny', 400, false)";
    pair.source.sql_as("owner", "shop", given).unwrap();
    let mut source = Session::open(&pair.from()).await.unwrap();
    let mut target = Session::open(&pair.to()).await.unwrap();
    for _ in 0..2 {
        let aligned = sequence::align(&mut source, &mut target, 100)
            .await
            .unwrap();
        assert!(aligned.iter().all(|one| one.target.is_some()));
        assert_eq!(aligned.len(), 4);
    }
    let state = "SELECT last_value, is_called FROM sales.customer_id_seq UNION ALL SELECT last_value, is_called FROM sales.tiny
        UNION ALL SELECT last_value, is_called FROM sales.ticket UNION ALL SELECT last_value, is_called FROM sales.everything_id_seq";
    assert_eq!(
        pair.target.sql("shop", state).unwrap(),
        "158\tf\n500\tf\n85\tt\n400\tf\n"
    );
}

/// Number, bytes, hash and comment of each large object of the shop.
fn large_objects(server: &Postgres) -> String {
    let sql = "SELECT oid, length(lo_get(oid)), md5(lo_get(oid)), obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata ORDER BY oid";
    server.sql("shop", sql).expect("the large objects")
}

#[tokio::test]
async fn large_objects_become_what_they_are_on_the_source() {
    let pair = Pair::rich(Major::V13, Major::V18);
    // More than are compared at once, and one of several pieces.
    let many = "SELECT count(lo_from_bytea(20000 + n, convert_to(repeat('x', n), 'UTF8'))) FROM generate_series(1, 1200) AS n;
        SELECT lo_from_bytea(9000000, decode(repeat('0123456789', 700000), 'hex'));";
    pair.source.sql_as("owner", "shop", many).unwrap();
    let mut source = Session::open(&pair.from()).await.unwrap();
    let mut target = Session::open(&pair.to()).await.unwrap();
    let strangers = "SELECT count(lo_create(20300 + n * 7)), count(lo_create(9100000 + n)) FROM generate_series(1, 600) AS n";
    pair.target.sql_as("owner", "shop", strangers).unwrap();
    let first = large_object::carry(&mut source, &mut target).await.unwrap();
    assert_eq!(first.objects, 1203);
    assert_eq!(large_objects(&pair.source), large_objects(&pair.target));
    let changes = "SELECT lo_put(9000000, 3000000, 'changed'), lo_unlink(20007), lo_unlink(21200), lo_from_bytea(20007000, 'new'), lo_put(20009, 9, 'longer');
        SELECT lo_truncate64(lo_open(4711, 131072), 1500000), lo_truncate64(lo_open(20005, 131072), 0);
        COMMENT ON LARGE OBJECT 4711 IS NULL; COMMENT ON LARGE OBJECT 4712 IS 'it''s empty'";
    pair.source.sql_as("owner", "shop", changes).unwrap();
    let second = large_object::carry(&mut source, &mut target).await.unwrap();
    assert_eq!((second.objects, second.changed), (1202, 8));
    assert!(
        second.bytes < 4 << 20,
        "only what differs travels: {second:?}"
    );
    assert_eq!(large_objects(&pair.source), large_objects(&pair.target));
    let third = large_object::carry(&mut source, &mut target).await.unwrap();
    assert_eq!((third.changed, third.bytes), (0, 0));
}
