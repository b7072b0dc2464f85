//! Items are made once, whoever dies or comes beside, and those of one table as soon as it is complete.

use super::*;

/// Items that are made, as the target's administrator sees them; 0 while it is down.
fn made(pair: &Pair) -> u32 {
    let sql = "SELECT count(*) FROM reberth.schema_item WHERE state = 'done'";
    let answer = pair.target.sql("shop", sql);
    answer.map_or(0, |count| count.trim().parse().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_and_kills_make_each_item_once() {
    let mut pair = Pair::rich(Major::V16, Major::V16);
    let plan = pair.plan().await.unwrap();
    pair.maker().begin(&plan).await.unwrap();
    let count = |stages: &[Stage]| {
        plan.items
            .iter()
            .filter(|item| stages.contains(&item.stage))
            .count() as u32
    };
    let definitions = count(&[Stage::Definition]);
    let others = count(&Stage::ALL) - definitions;
    kill_and_go_on(
        &mut pair,
        &[Stage::Definition],
        &[definitions / 3, definitions * 2 / 3],
    )
    .await;
    pair.copy_by_pg_dump("--data-only", "shop");
    let kills = [
        definitions + 5,
        definitions + others / 2,
        definitions + others * 3 / 4,
    ];
    kill_and_go_on(&mut pair, &Stage::ALL, &kills).await;
    assert_eq!(made(&pair), definitions + others);
    pair.assert_as_by_pg_dump();
    assert_eq!(pair.target.sql("shop", INVALID_INDEXES).unwrap(), "0\n");
}

/// Lets two runs make the stages, and kills the target when so many items are made; in the end one run goes on alone.
async fn kill_and_go_on(pair: &mut Pair, stages: &'static [Stage], kill_at: &[u32]) {
    for kill_at in kill_at {
        let runs = [pair.maker(), pair.maker()]
            .map(|maker| tokio::spawn(async move { maker.make(stages, None).await }));
        while made(pair) < *kill_at {
            assert!(
                !runs.iter().all(|run| run.is_finished()),
                "they ended before the kill"
            );
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        pair.target.kill();
        for run in runs {
            // One may have found all done, or the server gone; none may have found anything made twice.
            if let Err(error) = run.await.expect("it does not panic") {
                assert!(error.may_retry(), "{error:?}");
            }
        }
        pair.target.resume().expect("it starts again");
    }
    pair.maker().make(stages, None).await.expect("it goes on");
}

#[tokio::test]
async fn one_tables_items_are_made_when_it_is_complete() {
    let pair = Pair::rich(Major::V17, Major::V17);
    let plan = pair.plan().await.unwrap();
    let maker = pair.maker();
    maker.begin(&plan).await.unwrap();
    maker.make(&[Stage::Definition], None).await.unwrap();
    pair.copy_by_pg_dump("--data-only", "shop");
    let own = [Stage::Key, Stage::Unique, Stage::Index];
    maker
        .make(&own, Some("\"sales\".\"everything\""))
        .await
        .unwrap();
    let indexed = "SELECT string_agg(DISTINCT indrelid::regclass::text, ' ') FROM pg_index
        JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'sales'::regnamespace";
    assert_eq!(
        pair.target.sql("shop", indexed).unwrap(),
        "sales.everything\n"
    );
    // A partitioned table's index waits for those of its partitions.
    maker
        .make(&own, Some("\"sales\".\"measure\""))
        .await
        .unwrap();
    maker.make(&Stage::ALL, None).await.unwrap();
    pair.assert_as_by_pg_dump();
}
