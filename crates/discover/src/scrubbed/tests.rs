//! What is left out of commands, and what stays.

use super::*;

mod hostile;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (command, expected) in cases {
        let once = scrubbed(command);
        assert_eq!(&once, expected, "{command}");
        assert_eq!(scrubbed(&once), once, "a second time: {command}");
    }
}

#[test]
fn values_that_are_called_like_a_secret_are_left_out() {
    check(&[
        (
            "API_TOKEN=s3cret RACK_ENV=production rake x",
            "API_TOKEN=[redacted] RACK_ENV=production rake x",
        ),
        (
            "run --password s3cret --port 80",
            "run --password [redacted] --port 80",
        ),
        ("run --password=s3cret", "run --password=[redacted]"),
        (
            "run \"--password=s3cret\" x",
            "run \"--password=[redacted]\" x",
        ),
        (
            "run \"--password\" \"s3cret\" x",
            "run \"--password\" [redacted] x",
        ),
        (
            "run --accessToken s3cret x",
            "run --accessToken [redacted] x",
        ),
        (
            "MYSQL_PWD=s3cret mysql shop",
            "MYSQL_PWD=[redacted] mysql shop",
        ),
        ("DBPASS=s3cret rake x", "DBPASS=[redacted] rake x"),
        ("DBPWD=s3cret rake x", "DBPWD=[redacted] rake x"),
        (
            "AUTH=s3cret KEY=s3cret x",
            "AUTH=[redacted] KEY=[redacted] x",
        ),
        ("PASSWORD=123456 rake x", "PASSWORD=[redacted] rake x"),
        ("TOKEN=redis://:s3cret@a:1", "TOKEN=[redacted]"),
        ("TOKEN=\"a s3cret b\" rake x", "TOKEN=[redacted] rake x"),
        ("TOKEN=a\\ s3cret rake x", "TOKEN=[redacted] rake x"),
        ("PASSWORD='$ecret' rake x", "PASSWORD=[redacted] rake x"),
        (
            "rake x --db ${DB_PASSWORD:-s3cret}/a",
            "rake x --db ${DB_PASSWORD:-[redacted]}/a",
        ),
        (
            "PASSWORD=${OTHER:-s3cret} rake x",
            "PASSWORD=[redacted] rake x",
        ),
        (
            "run --password 'a s3cret' --port 80",
            "run --password [redacted] --port 80",
        ),
        (
            "kubectl create secret generic x --from-literal=a=s3cret",
            "kubectl create secret generic x --from-literal=[redacted]",
        ),
        (
            "run --env=TOKEN=s3cret --url=redis://:token@a:1",
            "run --env=TOKEN=[redacted] --url=redis://[redacted]@a:1",
        ),
        (
            "redis-server --requirepass s3cret --masterauth s3cret",
            "redis-server --requirepass [redacted] --masterauth [redacted]",
        ),
        (
            "redis-cli config set requirepass s3cret",
            "redis-cli config set requirepass [redacted]",
        ),
    ]);
}

#[test]
fn options_of_clients_are_known_by_their_program() {
    check(&[
        (
            "/usr/bin/mysqldump -ps3cret -P 3306 shop",
            "/usr/bin/mysqldump -p[redacted] -P 3306 shop",
        ),
        (
            "env A=1 bundle exec mysql -ps3cret -P 3306",
            "env A=1 bundle exec mysql -p[redacted] -P 3306",
        ),
        ("cat x|mysql -ps3cret", "cat x|mysql -p[redacted]"),
        ("cd a;mysql \"-ps3cret\"&& y", "cd a;mysql -p[redacted]&& y"),
        (
            "redis-cli -h cache -a s3cret FLUSHDB",
            "redis-cli -h cache -a [redacted] FLUSHDB",
        ),
        (
            "sshpass -p s3cret ssh me@a",
            "sshpass -p [redacted] ssh me@a",
        ),
        (
            "mongodump -u me -p s3cret --gzip",
            "mongodump -u me -p [redacted] --gzip",
        ),
        (
            "curl -u me:s3cret https://a.example",
            "curl -u [redacted] https://a.example",
        ),
        (
            "curl -ume:s3cret https://a.example",
            "curl -u[redacted] https://a.example",
        ),
        (
            "curl -sfu me:s3cret https://a.example",
            "curl -sfu [redacted] https://a.example",
        ),
        ("curl --user=me:s3cret a", "curl --user=[redacted] a"),
        (
            "curl --oauth2-bearer s3cret a",
            "curl --oauth2-bearer [redacted] a",
        ),
        ("http -a me:s3cret GET a", "http -a [redacted] GET a"),
    ]);
}

#[test]
fn secrets_in_headers_and_texts_are_left_out() {
    check(&[
        ("curl -H Token:s3cret", "curl -H Token:[redacted]"),
        ("curl -HToken:s3cret", "curl -HToken:[redacted]"),
        ("curl -H 'Token: s3cret'", "curl -H 'Token: [redacted]'"),
        (
            "curl -H 'Authorization: Bearer s3cret'",
            "curl -H 'Authorization: Bearer [redacted]'",
        ),
        (
            "curl -H \"Authorization:Bearer s3cret\" a",
            "curl -H \"Authorization:Bearer [redacted]\" a",
        ),
        (
            "http GET a \"Authorization:Bearer s3cret\" X-Token:s3cret",
            "http GET a \"Authorization:Bearer [redacted]\" X-Token:[redacted]",
        ),
        (
            "curl -H 'Cookie: a=s3cret; b=s3cret' a",
            "curl -H 'Cookie: [redacted]' a",
        ),
        (
            "curl --header=X-Token:s3cret a",
            "curl --header=X-Token:[redacted] a",
        ),
        (
            "curl -H 'X-Token: a s3cret' https://a.example",
            "curl -H 'X-Token: [redacted]' https://a.example",
        ),
        (
            "curl -d '{\"token\":\"s3cret\"}' a",
            "curl -d '{\"token\":[redacted]' a",
        ),
        (
            "curl -d '{\"a\": 1, \"token\": \"s3cret\"}' a",
            "curl -d '{\"a\": 1, \"token\": [redacted]' a",
        ),
        (
            "sh -c \"curl -H \\\"X-Token: a s3cret\\\" a\"",
            "sh -c \"curl -H \\\"X-Token: [redacted]\\\" a\"",
        ),
        (
            "sh -c 'TOKEN=s3cret rake x' && y",
            "sh -c 'TOKEN=[redacted] rake x' && y",
        ),
        (
            "sh -c 'rake x TOKEN=s3cret' && y",
            "sh -c 'rake x TOKEN=[redacted]' && y",
        ),
        (
            "env \"TOKEN=s3cret\" rake y",
            "env \"TOKEN=[redacted]\" rake y",
        ),
        (
            "env \"TOKEN=a s3cret\" rake y",
            "env \"TOKEN=[redacted]\" rake y",
        ),
        (
            "psql \"host=a password=s3cret dbname=b\"",
            "psql \"host=a password=[redacted] dbname=b\"",
        ),
        (
            "psql -c \"ALTER ROLE a PASSWORD 's3cret'\"",
            "psql -c \"ALTER ROLE a PASSWORD [redacted]\"",
        ),
        (
            "mysql -e \"ALTER USER a IDENTIFIED BY 's3cret'\"",
            "mysql -e \"ALTER USER a IDENTIFIED BY [redacted]\"",
        ),
        (
            "echo $(curl -u me:s3cret a) x",
            "echo $(curl -u [redacted] a) x",
        ),
        // Quotes that are never closed go on to the end.
        ("rake x TOKEN=\"a s3cret b", "rake x TOKEN=[redacted]"),
        ("curl -H 'Token: a s3cret", "curl -H 'Token: [redacted]"),
    ]);
}

#[test]
fn secrets_in_addresses_are_left_out() {
    check(&[
        (
            "psql postgres://u:s3cret@db.example:5432/x",
            "psql postgres://[redacted]@db.example:5432/x",
        ),
        (
            "run redis://:s3cret@a:1,redis://:s3cret@b:1",
            "run redis://[redacted]@a:1,redis://[redacted]@b:1",
        ),
        (
            "run redis://:s3/cr#e?t@a:1/0",
            "run redis://[redacted]@a:1/0",
        ),
        (
            "git clone https://ghp_0123456789abcdef@git.example/a",
            "git clone https://[redacted]@git.example/a",
        ),
        (
            "curl https://hooks.example/a?token=s3cret&b",
            "curl https://hooks.example/a?token=[redacted]&b",
        ),
        (
            "curl 'https://a.example/?page=2&key=s3cret'",
            "curl 'https://a.example/?page=2&key=[redacted]'",
        ),
        (
            "curl https://a.example/?3f9a7c51e0b24d6f8a91",
            "curl https://a.example/?[redacted]",
        ),
        (
            "java -Durl=jdbc:mysql://a/b?user=c&password=s3cret",
            "java -Durl=jdbc:mysql://a/b?user=c&password=[redacted]",
        ),
    ]);
}

#[test]
fn commands_without_a_secret_stay_as_they_are() {
    let harmless = [
        "",
        "bundle exec puma -C config/puma.rb -p $PORT",
        "cd $PWD && PWD=/app OLDPWD=/ rake x",
        "celery -a s worker",
        "mysql -p shop",
        "mysqldump shop | nc -p3306",
        "psql -h mysql -p5432 shop",
        "docker run --name mysql -p3306:3306 mysql:8",
        "mysql-exporter -p9104",
        "mysql -p$DB_PASS -u app shop",
        "mysql -p\"$DB_PASS\" shop",
        "rake basic tests",
        "rake token:refresh password:expire[30]",
        "rake 'auth:cleanup[30]'",
        "sh -c \"rake token:refresh\"",
        "rails runner 'Token::Cleanup.run'",
        "TOKEN=$API_TOKEN rake x",
        "TOKEN= rake x",
        "PGPASSWORD=${PGPASSWORD} psql shop",
        "PGPASSWORD=${PGPASSWORD:-$OTHER} psql shop",
        "TOKEN=$(cat /run/secrets/token) rake x",
        "run --password \"$(cat /run/secrets/db)\" --port 80",
        "run --password-file /run/db --token-path=/run/token",
        "docker login --username me --password-stdin",
        "run --no-password --skip-auth --disable-token x",
        "run --max-tokens 512 --tokenizer bpe --token-ttl 3600",
        "PASSWORD_MIN_LENGTH=12 TOKEN_TTL=15m rake x",
        "publish --routing-key orders --partition-key=id --primary-key id --sort-key at",
        "REQUIRE_AUTH=true AUTH=none rake x",
        "GOOGLE_APPLICATION_CREDENTIALS=/app/key.json rake x",
        "curl --cert a.crt --key client.pem https://a.example",
        "docker run -u 1000:1000 --user 1000:1000 x",
        "chown -R --user=me:me /app",
        "curl -u me https://a.example",
        "curl -u $USER:$PASS https://a.example",
        "curl -H \"Authorization: Bearer $TOKEN\" https://a.example",
        "sh -c 'curl -H \"X-Token: ${TOKEN}\" https://a.example'",
        "bash -c \"mysql -p'$PASS' shop\"",
        "curl 'https://a.example/?page=2&sort=name'",
        "curl https://a.example/@me https://a.example:8080/a@b",
        "git clone ssh://git@git.example/a",
        "psql postgres://app@db.example/x",
        "psql postgres://app:$PGPASSWORD@db.example/x",
        "aws secretsmanager get-secret-value --secret-id prod/db",
        "aws ec2 create-tags --tags Key=Name,Value=web",
        "mongod --auth --bind_ip_all",
        "echo don't --port 80",
        "a 'b c' \"d\" $(e f) `g h`; i | j && (k)",
    ];
    for command in harmless {
        assert_eq!(scrubbed(command), command);
    }
}

#[test]
fn white_space_is_kept_where_nothing_is_left_out() {
    for (command, expected) in [
        ("sh -c 'a  b\n c'", "sh -c 'a  b\n c'"),
        ("a  b --token x", "a b --token [redacted]"),
        ("a  b --token [redacted]", "a  b --token [redacted]"),
    ] {
        assert_eq!(without_secrets(command), expected);
    }
    assert_eq!(scrubbed("a\n\tb\u{1b}[2J"), "a b [2J");
    assert_eq!(
        scrubbed("run --password \\\n s3cret"),
        "run --password [redacted]"
    );
}

#[test]
fn commands_of_any_form_are_read_to_their_end() {
    for part in ["$(", "'", "\"", "\\\"", "`", "(", "://", "${", "ж'", "\\"] {
        for count in [1, 2, 3, 9, 2000] {
            let command = format!("{} TOKEN=s3cret", part.repeat(count));
            let once = scrubbed(&command);
            assert!(!once.contains("s3cret"), "{part} {count}: {once}");
            assert_eq!(scrubbed(&once), once, "{part} {count}");
        }
    }
}
