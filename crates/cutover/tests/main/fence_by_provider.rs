//! The fence by the provider: by a program, and by a person.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reberth_cutover::{FencedBy, Herald, ProviderFence};
use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;
use reberth_testkit::database::Product;
use reberth_testkit::learning::PASSWORD;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::Crossing;
use crate::fence::session;
use crate::killed::die_crossing;

/// Nobody can give these to a customer's account at some providers.
const NEEDLESS: &str = "REVOKE CREATE USER, CONNECTION ADMIN ON *.* FROM fence@'%'";

/// A source at a provider that changes passwords, as programs.
struct Provider {
    folder: PathBuf,
    client: PathBuf,
    port: u16,
}

impl Provider {
    fn of(crossing: &Crossing, name: &str) -> Provider {
        let (source, folder) = (&crossing.source, std::env::temp_dir());
        let folder = folder.join(format!("reberth-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the programs");
        let account = format!(
            "CREATE USER provider@'%' IDENTIFIED BY '{PASSWORD}'; GRANT CREATE USER ON *.* TO provider@'%'"
        );
        source.sql(&account).expect("the provider has an account");
        let client = match source.product() {
            Product::MySql => "mysql",
            _ => "mariadb",
        };
        Provider {
            folder,
            client: source.product().tool(client).expect("there is a client"),
            port: source.port(),
        }
    }

    /// A program that gives those accounts a password. It waits for another second, by which the server tells one password's time from another's.
    fn program(&self, name: &str, accounts: &[&str], password: &str) -> Vec<String> {
        let path = self.folder.join(name);
        let changes: String = accounts
            .iter()
            .map(|account| format!("ALTER USER {account}@'%' IDENTIFIED BY '{password}'; "))
            .collect();
        let sql = format!("DO SLEEP(1.1); {changes}");
        let (client, port) = (self.client.display(), self.port);
        let script = format!(
            "{client} --no-defaults --host=127.0.0.1 --port={port} --user=provider --password={PASSWORD} --execute=\"{sql}\"\n"
        );
        std::fs::write(&path, script).expect("the program is written");
        vec!["sh".to_owned(), path.display().to_string()]
    }

    fn fence(&self, accounts: &[&str]) -> ProviderFence {
        ProviderFence {
            shut: self.program("shut", accounts, "another"),
            open: self.program("open", accounts, PASSWORD),
            wait: Duration::from_secs(12),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn by_provider(product: Product, name: &str) -> (Crossing, Provider) {
    let mut crossing = Crossing::start_on(product, name).await;
    let others = ["root@127.0.0.1", "root@::1"].map(str::to_owned);
    crossing.exempt.extend(others);
    let needless = match product {
        Product::MySql => NEEDLESS.replace("CONNECTION ADMIN", "CONNECTION_ADMIN"),
        _ => NEEDLESS.to_owned(),
    };
    crossing
        .source
        .sql(&needless)
        .expect("the rights are revoked");
    let provider = Provider::of(&crossing, name);
    crossing.fenced_by = FencedBy::Provider(provider.fence(&["app"]));
    (crossing, provider)
}

async fn there_and_back(product: Product) {
    let (mut crossing, provider) = by_provider(product, "provider").await;
    let mut open = session(&crossing.source, "app").await;
    open.run("writing", "BEGIN")
        .await
        .expect("the server does it");
    let late = "INSERT INTO lms_core.badge VALUES (77, 'late', NULL)";
    open.run("writing", late).await.expect("the server does it");

    crossing.pass(Way::There).await;
    assert!(open.run("writing", late).await.is_err());
    crossing.only_writer("target").await;
    assert_eq!(
        crossing.evidence(Way::There, "source_fenced", "/fence/passwords_changed"),
        serde_json::json!(["app@%"])
    );
    crossing.pass(Way::Back).await;
    crossing.only_writer("source").await;

    // The same by a person, who is told when.
    let told = Arc::new(Mutex::new(Vec::new()));
    let programs = provider.fence(&["app"]);
    crossing.fenced_by = FencedBy::Provider(ProviderFence {
        shut: Vec::new(),
        open: Vec::new(),
        wait: Duration::from_secs(60),
    });
    let mut passage = crossing.passage(Way::There);
    let heard = told.clone();
    let shut = programs.shut.clone();
    passage.herald = Herald::new(move |words| {
        heard
            .lock()
            .expect("nobody panicked")
            .push(words.to_owned());
        let [program, argument] = shut.as_slice() else {
            return;
        };
        // Its end is seen by what it does.
        drop(Command::new(program).arg(argument).spawn());
    });
    let state = crossing
        .live_with(&mut passage, Way::There, Consent::Given, None)
        .await
        .expect("the journal takes every event");
    assert_eq!(state, RunState::Done, "{}", crossing.failure(Way::There));
    let told = told.lock().expect("nobody panicked").join("; ");
    assert!(
        told.starts_with("now change the password of app@% at the provider"),
        "{told}"
    );
    drop(passage);
    crossing.only_writer("target").await;
    crossing.fenced_by = FencedBy::Provider(programs);
    crossing.pass(Way::Back).await;
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_shuts_a_source_and_opens_it() {
    there_and_back(Product::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_shuts_a_source_of_mysql_and_opens_it() {
    there_and_back(Product::MySql).await;
}

async fn refusals(product: Product) {
    let (mut crossing, provider) = by_provider(product, "half").await;
    crossing.die_at(Way::There, "streaming", "step_done").await;
    let kill = match product {
        Product::MySql => "CONNECTION_ADMIN",
        _ => "CONNECTION ADMIN",
    };
    let rights = match product {
        Product::MySql => ["PROCESS", "XA_RECOVER_ADMIN"].as_slice(),
        _ => &["PROCESS"],
    };
    for right in rights {
        let revoke = format!("REVOKE {right} ON *.* FROM fence@'%'");
        crossing.source.sql(&revoke).expect("the server does it");
        let words = format!(
            "ready RB-CUT-002: the source is not fenced: fence, which would fence it by provider, lacks {right};"
        );
        crossing.fails(Way::There, &RunState::Undone, &words).await;
        let grant = format!("GRANT {right} ON *.* TO fence@'%'");
        crossing.source.sql(&grant).expect("the server does it");
    }
    // A second account that can write: its sessions cannot be ended by the application's own.
    let worker = "CREATE USER worker@'%' IDENTIFIED BY 'local-only'; GRANT INSERT ON lms_core.* TO worker@'%'";
    crossing.source.sql(worker).expect("the server does it");
    let words = format!(
        "ready RB-CUT-002: the source is not fenced: fence, which would fence it by provider, lacks {kill};"
    );
    crossing.fails(Way::There, &RunState::Undone, &words).await;
    let grant = format!("GRANT {kill} ON *.* TO fence@'%'");
    crossing.source.sql(&grant).expect("the server does it");
    // The provider forgets it, which is seen although nobody here knows its password.
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "source_fenced RB-CUT-002: the source is not fenced: within 12 s the provider did not shut out worker@%",
        )
        .await;
    crossing.source_is_as_before().await;
    // It fails.
    crossing.fenced_by = FencedBy::Provider(ProviderFence {
        shut: vec!["false".to_owned()],
        ..provider.fence(&["app", "worker"])
    });
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "source_fenced RB-CUT-002: the source is not fenced: the policy's program false ended with",
        )
        .await;
    crossing.source_is_as_before().await;
    crossing.fenced_by = FencedBy::Provider(provider.fence(&["app", "worker"]));
    let mut working = session(&crossing.source, "worker").await;
    crossing.pass(Way::There).await;
    let write = "INSERT INTO lms_core.badge VALUES (78, 'late', NULL)";
    assert!(working.run("writing", write).await.is_err());
    crossing.settle(Direction::Reverse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_left_open_is_found() {
    refusals(Product::MariaDb).await;
}

/// MySQL can keep an old password valid beside the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_of_mysql_left_open_is_found() {
    refusals(Product::MySql).await;
    let (crossing, provider) = by_provider(Product::MySql, "kept").await;
    let mut programs = provider.fence(&["app"]);
    let kept = "another' RETAIN CURRENT PASSWORD -- '";
    programs.shut = provider.program("kept", &["app"], kept);
    let mut crossing = crossing;
    crossing
        .source
        .sql("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO provider@'%'")
        .expect("the server does it");
    crossing.fenced_by = FencedBy::Provider(programs);
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "source_fenced RB-CUT-002: the source is not fenced: within 12 s the provider did not shut out app@%",
        )
        .await;
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_by_a_provider_survives_death_at_its_appends() {
    let (crossing, _provider) = by_provider(Product::MariaDb, "provider-killed").await;
    die_crossing(crossing, 1..2, 15).await;
}
