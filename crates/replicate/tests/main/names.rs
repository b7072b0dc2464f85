//! Databases and tables whose names are not plain words of ASCII.

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};

use crate::pair::{MYSQL, Pair, Products, reach, usual};

/// One of them as long as the server can make a folder of.
const NAMES: [&str; 4] = [
    "käse",
    "kräm",
    "with ` and space",
    "日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本",
];

async fn databases_of_any_name_arrive(products: Products, name: &str) {
    let pair = Pair::with_on(products, name, "DO 0");
    pair.source
        .sql("GRANT SELECT, SHOW VIEW ON *.* TO reader@'%'")
        .expect("the reader may read them");
    pair.target
        .sql("GRANT ALL ON *.* TO writer@'%'")
        .expect("the writer may write them");
    let mut streams = Vec::new();
    for database in NAMES {
        let quoted = database.replace('`', "``");
        pair.source
            .sql(&format!("CREATE DATABASE `{quoted}` CHARACTER SET utf8mb4; USE `{quoted}`; CREATE TABLE `tä` (`ü` VARCHAR(64) PRIMARY KEY); INSERT INTO `tä` VALUES ('copied')"))
            .expect("the source has it");
        let mut stream = RunningStream::start(StreamPlan {
            database: database.to_owned(),
            ..pair.forward()
        });
        reach(&mut stream, |progress| progress.phase == "following").await;
        streams.push((quoted, stream));
    }
    for (quoted, _) in &streams {
        pair.source
            .sql(&format!("INSERT INTO `{quoted}`.`tä` VALUES ('{quoted}')"))
            .expect("the source is written");
    }
    for (quoted, mut stream) in streams {
        pair.drain(&mut stream).await;
        let rows = pair
            .target
            .sql(&format!(
                "SELECT * FROM `{quoted}`.`tä` ORDER BY 1 = 'copied'"
            ))
            .expect("the target has it");
        let rows: Vec<&str> = rows.lines().collect();
        assert!(
            rows.contains(&"copied") && rows.contains(&quoted.as_str()),
            "{rows:?}"
        );
        assert_eq!(rows.len(), 2, "{rows:?}");
        stream.stop().await.expect("the stream stops");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_arrive_whatever_their_names() {
    databases_of_any_name_arrive(usual(), "names").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_of_mysql_arrive_whatever_their_names() {
    databases_of_any_name_arrive(MYSQL, "names-mysql").await;
}
