//! Connections are encrypted and verified unless that is turned off by name.

use std::path::Path;
use std::process::Command;

use reberth_replicate::mysql::server;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::Server;

/// Makes an authority, and a certificate by it for a name.
fn certificates(folder: &Path, authority: &str, name: &str) {
    let script = format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem 2>/dev/null &&
         openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr 2>/dev/null &&
         printf 'subjectAltName={name}' > server.ext &&
         openssl x509 -req -in server.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days 2 -extfile server.ext -out server.pem 2>/dev/null"
    );
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .status()
        .expect("openssl runs");
    assert!(status.success(), "openssl made no certificate");
}

async fn cipher(server: &Server, query: &str) -> Result<String, String> {
    let url = format!(
        "mysql://tester:local-only@127.0.0.1:{}/{query}",
        server.port()
    );
    let address =
        Address::parse(&Secret::new(url), "tester", "source").map_err(|error| error.to_string())?;
    let told = |error: reberth_replicate::ReplicateError| {
        format!(
            "{} {:?}",
            error.code(),
            std::error::Error::source(&error).map(ToString::to_string)
        )
    };
    let mut session = server::reader(&address).await.map_err(told)?;
    let row: Option<(String, String)> = session
        .row("asking for the cipher", "SHOW STATUS LIKE 'Ssl_cipher'")
        .await
        .map_err(told)?;
    Ok(row.map(|(_, cipher)| cipher).unwrap_or_default())
}

#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_for_its_name() {
    let folder = std::env::temp_dir().join(format!("reberth-tls-{}", std::process::id()));
    for (name, subject) in [("good", "IP:127.0.0.1"), ("other", "DNS:elsewhere.example")] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        certificates(&folder.join(name), "authority", subject);
    }
    let start = |name: &str| {
        let file = |file: &str| folder.join(name).join(file).display().to_string();
        let options = [
            format!("--ssl-cert={}", file("server.pem")),
            format!("--ssl-key={}", file("server.key")),
            format!("--ssl-ca={}", file("authority.pem")),
        ];
        let server = Server::start(
            &format!("tls-{name}"),
            &options.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .unwrap();
        server
            .sql("CREATE USER tester@'%' IDENTIFIED BY 'local-only' REQUIRE SSL")
            .unwrap();
        server
    };
    let (good, other) = (start("good"), start("other"));
    let authority = |name: &str| {
        format!(
            "?tls-ca={}",
            folder.join(name).join("authority.pem").display()
        )
    };

    let encrypted = cipher(&good, &authority("good")).await.unwrap();
    assert!(encrypted.starts_with("TLS_"), "{encrypted:?}");
    for (server, query, why) in [
        (&good, String::new(), "nobody vouches for it"),
        (
            &good,
            authority("other"),
            "the wrong authority vouches for it",
        ),
        (
            &other,
            authority("other"),
            "its certificate is for another name",
        ),
        (
            &good,
            "?tls=off".to_owned(),
            "the account demands encryption",
        ),
        (
            &good,
            "?tls-ca=/nowhere/ca.pem".to_owned(),
            "there is no such file",
        ),
    ] {
        let answer = cipher(server, &query).await;
        assert!(
            answer
                .as_ref()
                .is_err_and(|words| !words.contains("RB-REP-002")),
            "accepted, or tried for ever, although {why}: {answer:?}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
