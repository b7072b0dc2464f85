//! Secrets in forms that are easily missed.

use super::{check, scrubbed};

#[track_caller]
fn has_no_secret(command: &str) {
    let once = scrubbed(command);
    assert!(!once.contains("s3cret"), "{command}: {once}");
    assert_eq!(scrubbed(&once), once, "a second time: {command}");
}

#[test]
fn marks_of_the_shell_do_not_end_a_password() {
    for mark in [";", "|", "(", ")", "<", ">", "a)b(", "()", ";|"] {
        let password = format!("x{mark}s3cret");
        for form in [
            "run redis://:P@a:1/0",
            "run 'redis://:P@a:1/0'",
            "run \"redis://app:P@a:1/0\" --port 80",
            "sh -c 'cd a; run \"redis://app:P@a:1/0\"'",
            "java '-Durl=jdbc:mysql://a/b?user=c&password=P'",
            "env \"TOKEN=P\" rake",
            "TOKEN='P' rake",
            "env 'TOKEN=P' rake",
            "\"--password=P\"",
            "run '--password=P' x",
            "run --password \"P\" x",
            "mysql '-pP' x",
            "curl -u 'me:P' a",
            "curl -H 'X-Token: P' a",
            "psql \"host=a password=P\"",
            "psql \"host=a password = P dbname=b\"",
            "sh -c \"psql 'host=a password=P dbname=b'\"",
        ] {
            has_no_secret(&form.replace('P', &password));
        }
        if !mark.contains([';', '|']) {
            has_no_secret(&format!("TOKEN={password} rake"));
            has_no_secret(&format!("run --password={password} x"));
        }
    }
}

#[test]
fn what_a_shell_would_run_is_still_read() {
    check(&[
        (
            "sh -c 'cd a; TOKEN=s3cret rake; run x'",
            "sh -c 'cd a; TOKEN=[redacted] rake; run x'",
        ),
        (
            "heroku run 'cd a; mysql -ps3cret; b'",
            "heroku run 'cd a; mysql -p[redacted] b'",
        ),
        (
            "f(){ mysql -ps3cret; }; (cd a; TOKEN=s3cret rake)|x",
            "f(){ mysql -p[redacted]; }; (cd a; TOKEN=[redacted] rake)|x",
        ),
        (
            "case $1 in a)mysql -ps3cret;; esac",
            "case $1 in a)mysql -p[redacted];; esac",
        ),
    ]);
}

#[test]
fn single_quotes_hide_no_variable() {
    check(&[
        (
            "psql 'postgres://u:$3cret@db.example/x'",
            "psql 'postgres://[redacted]@db.example/x'",
        ),
        ("curl -u 'me:$ecret' a", "curl -u [redacted] a"),
        ("mysql '-p$ecret' x", "mysql -p[redacted] x"),
        (
            "sh -c \"psql 'postgres://u:$PASS@db.example/x'\"",
            "sh -c \"psql 'postgres://u:$PASS@db.example/x'\"",
        ),
    ]);
}

#[test]
fn a_substitution_is_no_secret_only_when_it_reads_one() {
    for script in [
        "echo -n me:s3cret | base64",
        "printf s3cret",
        "base64 <<< s3cret",
        "cat a || echo s3cret",
        "rails runner puts:s3cret",
    ] {
        has_no_secret(&format!("TOKEN=$({script}) rake"));
        has_no_secret(&format!("curl -u me:$({script}) a"));
        has_no_secret(&format!("curl -H 'Authorization: Basic `{script}`' a"));
    }
    for script in [
        "cat /run/secrets/token",
        "< /run/secrets/token",
        "sudo cat a | base64 -d",
        "AWS_PROFILE=a aws ssm get-parameter --name b",
        "vault read -field=a b",
        "bin/token",
        "echo -n me:$PASS | base64",
        "printf %s:%s $USER $PASS | base64",
    ] {
        let command = format!("TOKEN=$({script}) rake");
        assert_eq!(scrubbed(&command), command);
    }
}

#[test]
fn numbers_and_keys_of_data_may_be_secrets() {
    check(&[
        ("DB_PASSWORD_1=48392011 x", "DB_PASSWORD_1=[redacted] x"),
        (
            "ADMIN_PASSWORD_PROD=20240611ab x",
            "ADMIN_PASSWORD_PROD=[redacted] x",
        ),
        ("run --api-tokens a,b", "run --api-tokens [redacted]"),
        (
            "COSMOS_PRIMARY_KEY=C3Iwd98d7s6f5g4h3j2k/0q9w== x",
            "COSMOS_PRIMARY_KEY=[redacted] x",
        ),
        (
            "curl -d '{\"routing_key\":\"0123456789abcdef0123456789abcdef\"}' a",
            "curl -d '{\"routing_key\":[redacted]' a",
        ),
        (
            "publish --routing-key orders.created.v2 --tokens 12",
            "publish --routing-key orders.created.v2 --tokens 12",
        ),
    ]);
}

#[test]
fn passwords_in_sql_and_json_are_left_out() {
    for text in [
        "ALTER USER a IDENTIFIED WITH mysql_native_password BY 's3cret'",
        "ALTER USER a IDENTIFIED WITH mysql_native_password AS 's3cret'",
        "ALTER USER a IDENTIFIED VIA x USING PASSWORD('s3cret')",
        "SET PASSWORD = PASSWORD('s3cret')",
        "SET PASSWORD FOR 'a'@'b' = PASSWORD('s3cret')",
        "SET PASSWORD FOR 'a'@'b' = 's3cret'",
        "INSERT INTO user VALUES ('a',PASSWORD('s3cret'))",
        "ALTER LOGIN a WITH PASSWORD = 's3cret'",
    ] {
        has_no_secret(&format!("mysql -e \"{text}\""));
        has_no_secret(&format!("sh -c \"mysql -e \\\"{text}\\\"\""));
    }
    for text in [
        "{\"password\" : \"s3cret\"}",
        "{\"a\": 1, \"password\" : \"s3cret\"}",
    ] {
        has_no_secret(&format!("curl -d '{text}' a"));
        let escaped = text.replace('"', "\\\"");
        has_no_secret(&format!("curl -d \"{escaped}\" a"));
    }
}
