//! Accounts and rights as a script, run on a real target by its administrator.

use reberth_replicate::mysql::accounts::{self, Passwords};
use reberth_replicate::mysql::server;
use reberth_testkit::database::{Product, Server};

use crate::pair::{MYSQL, Pair, Products, address};

const ACCOUNTS: &str = "CREATE PROCEDURE now_and_then() SELECT 1;
    CREATE ROLE writing; GRANT INSERT, UPDATE ON lms_core.* TO writing; CREATE ROLE editing; GRANT writing TO editing;
    CREATE USER shop@'127.%' IDENTIFIED BY 'local-only'; GRANT SELECT, DELETE ON lms_core.* TO shop@'127.%'; GRANT editing TO shop@'127.%';
    CREATE USER clerk@'127.0.0.1' IDENTIFIED BY 'local-only' REQUIRE SSL; GRANT SELECT (id, email), UPDATE (name) ON lms_core.learner TO clerk@'127.0.0.1';
    CREATE USER report@'127.%' IDENTIFIED BY 'local-only'; GRANT SELECT ON *.* TO report@'127.%'; GRANT PROCESS ON *.* TO report@'127.%';
    CREATE USER caller@'127.%' IDENTIFIED BY 'local-only' ACCOUNT LOCK; GRANT EXECUTE ON PROCEDURE lms_core.now_and_then TO caller@'127.%';
    CREATE USER `o'brien`@'127.%'; GRANT ALL ON lms_core.badge TO `o'brien`@'127.%' WITH GRANT OPTION;
    CREATE USER standin@'127.%' IDENTIFIED BY 'local-only'; GRANT PROXY ON shop@'127.%' TO standin@'127.%' WITH GRANT OPTION;
    CREATE USER stranger@'127.%' IDENTIFIED BY 'local-only'; CREATE DATABASE other; GRANT ALL ON other.* TO stranger@'127.%';
    GRANT SELECT ON mysql.* TO reader@'%';";

async fn script_of(pair: &Pair, passwords: Passwords) -> String {
    let plan = pair.forward();
    let mut source = server::reader(&plan.from)
        .await
        .expect("the source answers");
    let found = accounts::read(&mut source, &plan.database, &["reader", "fence", "reverse"])
        .await
        .expect("accounts are listed");
    let mut target = server::writer(&plan.to).await.expect("the target answers");
    let destination = accounts::destination(&mut target)
        .await
        .expect("the target answers");
    accounts::script(&found, &destination, passwords)
}

/// What the server says of an account, its password apart.
fn grants(server: &Server, account: &str) -> Vec<String> {
    let text = server
        .sql(&format!("SHOW GRANTS FOR {account}"))
        .expect("the account is there");
    let mut grants: Vec<String> = text
        .lines()
        .filter(|line| !line.contains("USAGE") && !line.contains("*.*"))
        .map(str::to_owned)
        .collect();
    grants.sort();
    grants
}

/// The server's words of refusal, or none.
async fn refusal(server: &Server, user: &str) -> Option<String> {
    let session = server::reader(&address(server.port(), user, "target")).await;
    let error = session.err()?;
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    Some(cause.unwrap_or_default())
}

async fn moved(products: Products, name: &str) -> (Pair, String) {
    let pair = Pair::with_on(products, name, ACCOUNTS);
    let word = if products.0 == Product::MySql {
        "TO"
    } else {
        "FOR"
    };
    pair.run(&format!("SET DEFAULT ROLE editing {word} shop@'127.%'"));
    pair.follow().await.stop().await.expect("the stream stops");
    let script = script_of(&pair, Passwords::AsHashes).await;
    let routine = "CREATE PROCEDURE IF NOT EXISTS lms_core.now_and_then() SELECT 1;";
    for _ in 0..2 {
        pair.target
            .sql(&format!("{routine} {script}"))
            .unwrap_or_else(|error| panic!("{error}\n{script}"));
    }
    assert!(!script.contains("stranger"), "{script}");
    assert!(script.contains("SET DEFAULT ROLE 'editing'"), "{script}");
    assert!(script.contains("-- left out: reader@%, Reberth's own"));
    assert!(script.contains(
        "not carried, since they concern the whole server or the target does not know them: PROCESS"
    ));
    (pair, script)
}

async fn within_a_family(products: Products, name: &str) {
    let (pair, script) = moved(products, name).await;
    for account in [
        "shop@'127.%'",
        "clerk@'127.0.0.1'",
        "caller@'127.%'",
        "`o'brien`@'127.%'",
        "standin@'127.%'",
        "writing",
        "editing",
    ] {
        assert_eq!(
            grants(&pair.target, account),
            grants(&pair.source, account),
            "{account}\n{script}"
        );
    }
    assert_eq!(refusal(&pair.target, "report").await, None);
    for locked in ["shop", "caller", "standin"] {
        let refused = refusal(&pair.target, locked).await.expect("it is refused");
        assert!(refused.contains("is locked"), "{locked}: {refused}");
    }
    // What the script says about the opening lets exactly those in that it locked.
    let opening: String = script
        .lines()
        .filter_map(|line| line.strip_prefix("-- ALTER USER"))
        .map(|rest| format!("ALTER USER{rest}\n"))
        .collect();
    pair.target.sql(&opening).expect("the accounts are opened");
    assert_eq!(refusal(&pair.target, "shop").await, None);
    let refused = refusal(&pair.target, "caller")
        .await
        .expect("it is refused");
    assert!(refused.contains("is locked"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_keep_their_passwords_and_rights() {
    within_a_family((Product::MariaDb, Product::MariaDb), "accounts").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_keep_their_passwords_and_rights_on_mysql() {
    within_a_family(MYSQL, "accounts-mysql").await;
}

/// Each row of the information_schema's list of rights on the database, its tables and columns, without hosts of roles.
fn rights(server: &Server) -> Vec<String> {
    let sql = "SELECT REPLACE(GRANTEE, '''@''''', '''@''%'''), '' AS t, '' AS c, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE TABLE_SCHEMA = 'lms_core' AND PRIVILEGE_TYPE <> 'DELETE HISTORY'
               UNION ALL SELECT GRANTEE, TABLE_NAME, '', PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = 'lms_core' AND PRIVILEGE_TYPE <> 'DELETE HISTORY'
               UNION ALL SELECT GRANTEE, TABLE_NAME, COLUMN_NAME, PRIVILEGE_TYPE FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = 'lms_core'";
    let text = server.sql(sql).expect("rights are listed");
    // A role of a role is listed by MariaDB with what it inherits.
    let ours = [
        "'reader'",
        "'fence'",
        "'reverse'",
        "'writer'",
        "'report'",
        "'editing'",
    ];
    let mut rights: Vec<String> = text
        .lines()
        .filter(|line| !ours.iter().any(|name| line.starts_with(name)))
        .map(str::to_owned)
        .collect();
    rights.sort();
    rights
}

async fn between_families(products: Products, name: &str) {
    let (pair, script) = moved(products, name).await;
    assert_eq!(rights(&pair.target), rights(&pair.source), "{script}");
    // Neither of these two servers has the other's method, and nobody may be let in without a password.
    for account in ["shop", "report"] {
        let refused = refusal(&pair.target, account).await.expect("it is refused");
        assert!(
            refused.contains("is locked") || refused.contains("Access denied"),
            "{refused}"
        );
    }
    assert!(script.contains("which the target does not take; set one before it is unlocked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_cross_from_mariadb_to_mysql() {
    between_families((Product::MariaDb, Product::MySql), "accounts-out").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_cross_from_mysql_to_mariadb() {
    between_families((Product::MySql, Product::MariaDb), "accounts-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_hashes_every_account_is_locked() {
    let pair = Pair::with("accounts-bare", ACCOUNTS);
    let script = script_of(&pair, Passwords::LeftBehind).await;
    let made = script
        .lines()
        .filter(|line| line.starts_with("CREATE USER"));
    assert!(made.clone().count() >= 5, "{script}");
    for line in made {
        assert!(line.ends_with("ACCOUNT LOCK;"), "{line}");
    }
    assert!(!script.contains("USING '*") && !script.contains("AS 0x"));
}
