//! From one family to the other, and from a newer MariaDB to an older one.

use reberth_testkit::database::Product;

use crate::rules::follow_changes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_mysql_to_mariadb() {
    follow_changes((Product::MySql, Product::MariaDb)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_mariadb_to_mysql() {
    follow_changes((Product::MariaDb, Product::MySql)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_cross_from_a_newer_mariadb() {
    follow_changes((Product::MariaDb11, Product::MariaDb)).await;
}
