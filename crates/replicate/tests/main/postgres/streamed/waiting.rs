//! What waits here for its commit: closed to others, bounded, and sent again to whoever comes back.

use super::*;

/// A text that stands in rows, and nowhere else.
const PLANTED: &str = "planted-value-5c07";

/// The files that this process has open and that have no name any more.
fn nameless_files() -> Vec<Vec<u8>> {
    let open = std::fs::read_dir("/proc/self/fd").expect("open files");
    let open = open.filter_map(|entry| Some(entry.ok()?.path()));
    let is_ours = |path: &PathBuf| {
        let name = std::fs::read_link(path).unwrap_or_default();
        let name = name.to_string_lossy();
        name.contains("reberth-waiting") && name.ends_with("(deleted)")
    };
    let ours = open.filter(is_ours);
    ours.filter_map(|path| std::fs::read(path).ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_here_is_closed_to_others_and_gone_with_a_rollback() {
    let sending = Sending::start("sealed", Major::V18);
    let mut stream = sending.stream().await;
    let mut open = sending.open().await;
    let row = format!("INSERT INTO plain VALUES (0, 0, repeat('{PLANTED}', 3))");
    for sql in [&row, &rows(1, 5000), &row.replace("(0,", "(-1,")] {
        run(&mut open, sql).await;
    }
    is_here(&mut stream).await;
    let files = nameless_files();
    assert!(files.iter().any(|file| file.len() > 10_000), "{files:?}");
    let planted = PLANTED.as_bytes();
    let holds = |file: &Vec<u8>| file.windows(planted.len()).any(|some| some == planted);
    assert!(!files.iter().any(holds));
    let names = std::fs::read_dir(&sending.folder).expect("a folder");
    assert_eq!(names.count(), 0, "nothing is left by a kill");
    run(&mut open, "ROLLBACK").await;
    reach(&mut stream, |progress| progress.spool_bytes == 0).await;
    assert_eq!(nameless_files().len(), 0);
    sending.arrives(&mut stream, 1).await;
    stream.stop().await.expect("it stops");
}

/// What is open is never told to the source as done, though what came behind it is.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_is_sent_an_open_transaction_again() {
    let sending = Sending::start("again", Major::V16);
    let mut stream = sending.stream().await;
    let mut open = sending.open().await;
    run(&mut open, &rows(1, 5000)).await;
    is_here(&mut stream).await;
    sending.write("INSERT INTO keyless VALUES (1, 'behind the beginning')");
    sending.pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let mut stream = sending.stream().await;
    run(&mut open, &rows(5001, 9000)).await;
    run(&mut open, "COMMIT").await;
    sending.arrives(&mut stream, 2).await;
    stream.stop().await.expect("it stops");
}

/// Such a source has read back from its disk what it sends, and forgets that it did. Then the next reader asks for whole transactions.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_the_source_does_not_tell_is_found() {
    for source in [Major::V14, Major::V18] {
        let sending = Sending::start("untold", source);
        let mut stream = sending.stream().await;
        let mut open = sending.open().await;
        for sql in [&rows(1, 100), "SAVEPOINT s", &rows(101, 12_000)] {
            run(&mut open, sql).await;
        }
        is_here(&mut stream).await;
        sending.write("INSERT INTO keyless VALUES (1, 'behind the savepoint')");
        sending.pair.settle(&mut stream).await;
        stream.stop().await.expect("it stops");
        let mut stream = sending.stream().await;
        for sql in ["SAVEPOINT t", &rows(20_001, 24_000)] {
            run(&mut open, sql).await;
        }
        is_here(&mut stream).await;
        for sql in ["ROLLBACK TO s", &rows(101, 200), "COMMIT"] {
            run(&mut open, sql).await;
        }
        sending.pair.settle(&mut stream).await;
        sending.pair.assert_equal();
        let warning = stream.progress().spool_warning.expect("a warning");
        assert!(warning.contains("did not tell"), "{warning}");
        stream.stop().await.expect("it stops");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_room_the_source_keeps_large_transactions() {
    let mut sending = Sending::start("full", Major::V17);
    sending.bytes_max = 10_000;
    let mut stream = sending.stream().await;
    let mut open = sending.open().await;
    run(&mut open, &rows(1, 5000)).await;
    reach(&mut stream, |progress| progress.spool_warning.is_some()).await;
    let warning = stream.progress().spool_warning.expect("a warning");
    assert!(warning.contains("10000 bytes are used up"), "{warning}");
    run(&mut open, &rows(5001, 6000)).await;
    run(&mut open, "COMMIT").await;
    sending.pair.settle(&mut stream).await;
    sending.pair.assert_equal();
    let progress = stream.progress();
    assert_eq!((progress.retries, progress.spool_bytes), (1, 0));
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_that_can_be_made_the_source_keeps_them_too() {
    let mut sending = Sending::start("no-folder", Major::V17);
    sending.folder = PathBuf::from("/dev/null/folder");
    let mut stream = sending.stream().await;
    sending.write(&format!("BEGIN; {}; COMMIT", rows(1, 5000)));
    sending.pair.settle(&mut stream).await;
    sending.pair.assert_equal();
    assert!(stream.progress().spool_warning.is_some());
    let none = "SELECT sum(stream_txns) FROM pg_stat_replication_slots";
    let none = sending.pair.source.sql(DATABASE, none).expect("a count");
    assert_eq!(none.trim(), "0");
    stream.stop().await.expect("it stops");
}
