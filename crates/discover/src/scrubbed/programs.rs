//! Programs by which an option is known, where its name alone tells nothing.

/// Clients of MySQL's family, which take a password right after `-p`.
const MYSQL: [&str; 19] = [
    "mysql",
    "mysqladmin",
    "mysqlbinlog",
    "mysqlcheck",
    "mysqldump",
    "mysqlimport",
    "mysqlpump",
    "mysqlsh",
    "mysqlshow",
    "mysqlslap",
    "mariadb",
    "mariadb-admin",
    "mariadb-backup",
    "mariadb-binlog",
    "mariadb-check",
    "mariadb-dump",
    "mariadb-import",
    "mariadb-show",
    "xtrabackup",
];
const MONGO: [&str; 7] = [
    "mongo",
    "mongosh",
    "mongodump",
    "mongorestore",
    "mongoexport",
    "mongoimport",
    "mongostat",
];
pub(super) const REDIS: [&str; 3] = ["redis-cli", "valkey-cli", "keydb-cli"];
pub(super) const CURL: [&str; 1] = ["curl"];
/// Clients that take a header as a word: `http POST a.example X-Token:x`.
pub(super) const HTTPIE: [&str; 4] = ["http", "https", "httpie", "xh"];
/// Short options with the password right behind them.
pub(super) const JOINED: [(&str, &[&str]); 3] =
    [("-p", &MYSQL), ("-p", &["sshpass"]), ("-p", &MONGO)];
/// Short options before a password. After `-p` of MySQL's clients stands the database.
pub(super) const APART: [(&str, &[&str]); 3] =
    [("-a", &REDIS), ("-p", &["sshpass"]), ("-p", &MONGO)];
/// Options before `user:password`.
pub(super) const ACCOUNTS: [(&str, &[&str]); 7] = [
    ("-u", &CURL),
    ("-U", &CURL),
    ("--user", &CURL),
    ("--proxy-user", &CURL),
    ("-a", &HTTPIE),
    ("-A", &["ab"]),
    ("-P", &["ab"]),
];
/// Options before a header.
pub(super) const HEADERS: [&str; 3] = ["-H", "--header", "--headers"];
/// Words without a dash before a password, in files and commands of Redis.
pub(super) const SETTINGS: [&str; 2] = ["requirepass", "masterauth"];

/// Whether a word is one or more options of one letter.
pub(super) fn is_short_options(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !word.starts_with("--")
}
