//! Changes of rows on a source, each by a name: what the copy, the stream and every reader of the log must carry exactly.

/// What is done, and the SQL that does it.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    (
        "a swap in one statement",
        "UPDATE seat SET place = -place WHERE id < 3; UPDATE seat SET place = IF(place = -1, 2, 1) WHERE id < 3",
    ),
    (
        "a swap in a transaction",
        "BEGIN; UPDATE seat SET place = 9 WHERE id = 3; UPDATE seat SET place = 3 WHERE id = 4; UPDATE seat SET place = 4 WHERE id = 3; COMMIT",
    ),
    (
        "swapped keys",
        "BEGIN; UPDATE seat SET id = 9 WHERE id = 1; UPDATE seat SET id = 1 WHERE id = 2; UPDATE seat SET id = 2 WHERE id = 9; COMMIT",
    ),
    (
        "a delete and the same again",
        "BEGIN; DELETE FROM seat WHERE id = 1; INSERT INTO seat VALUES (1, 77); COMMIT; DELETE FROM seat WHERE id = 1; INSERT INTO seat VALUES (1, 78)",
    ),
    (
        "there and back",
        "UPDATE seat SET place = 50 WHERE id = 4; UPDATE seat SET place = 78 + 1 WHERE id = 4; INSERT INTO seat VALUES (60, 60); DELETE FROM seat WHERE id = 60",
    ),
    (
        "keys equal by collation",
        "UPDATE town SET slug = 'A' WHERE slug = 'a'; BEGIN; DELETE FROM town WHERE slug = 'B'; INSERT INTO town VALUES ('B ', 7); COMMIT; UPDATE town SET slug = 'c', n = 4 WHERE slug = 'c'",
    ),
    (
        "a cascade over three levels",
        "DELETE FROM region WHERE code = 'r1'",
    ),
    (
        "a renamed parent",
        "UPDATE region SET code = 'R-two' WHERE code = 'r2'; UPDATE city SET id = 1000 + id WHERE region = 'R-two'; UPDATE region SET code = 'R-TWO' WHERE code = 'R-two'",
    ),
    (
        "children that spell their parent otherwise",
        "INSERT INTO region VALUES ('other', 1); INSERT INTO city VALUES (600, 'OTHER', NULL), (601, 'Other', NULL); DELETE FROM region WHERE code = 'otheR'",
    ),
    (
        "a parent replaced in one transaction",
        "BEGIN; DELETE FROM region WHERE code = 'r3'; INSERT INTO region VALUES ('r3', 5); INSERT INTO city VALUES (500, 'r3', NULL); INSERT INTO visit VALUES ('r3', 5); COMMIT",
    ),
    (
        "children moved, then the parent deleted",
        "BEGIN; UPDATE city SET region = 'r5' WHERE region = 'r4' LIMIT 2; DELETE FROM region WHERE code = 'r4'; COMMIT",
    ),
    (
        "children set to null",
        "DELETE FROM street WHERE id IN (7, 8); UPDATE street SET id = 5000 WHERE id = 9",
    ),
    (
        "a branch cut off",
        "DELETE FROM node WHERE id = 28; UPDATE node SET parent = 3 WHERE id = 58; DELETE FROM node WHERE id = 29",
    ),
    (
        "the second of two rows that only their bytes tell apart",
        "DELETE FROM tag WHERE BINARY name = 'X'; UPDATE tag SET weight = 3 WHERE BINARY name = 'x '",
    ),
    (
        "doubles without a key",
        "INSERT INTO tag VALUES ('x', 0.1); DELETE FROM tag WHERE BINARY name = 'x' LIMIT 1; UPDATE tag SET weight = 16777215 WHERE name IS NULL LIMIT 1; UPDATE tag SET name = 'X' WHERE BINARY name = 'x' LIMIT 1",
    ),
    (
        "savepoints",
        "BEGIN; INSERT INTO scratch VALUES (10); SAVEPOINT s; INSERT INTO scratch VALUES (11); ROLLBACK TO s; INSERT INTO scratch VALUES (12); RELEASE SAVEPOINT s; COMMIT; BEGIN; INSERT INTO scratch VALUES (13); ROLLBACK",
    ),
    (
        "a truncated table",
        "INSERT INTO scratch VALUES (20); TRUNCATE TABLE scratch; INSERT INTO scratch VALUES (1), (21)",
    ),
    (
        "another database's table of that name truncated",
        "INSERT INTO elsewhere.scratch VALUES (1, 'lms_core'); TRUNCATE TABLE elsewhere.scratch",
    ),
    (
        "another database",
        "INSERT INTO elsewhere.scratch VALUES (2, 'x'); USE elsewhere; CREATE TABLE z (a INT); DROP TABLE z; ALTER TABLE scratch ADD w INT; BEGIN; INSERT INTO scratch (id) VALUES (3); INSERT INTO lms_core.scratch VALUES (31); COMMIT",
    ),
    (
        "statements of another database in our transaction",
        "USE elsewhere; SET SESSION binlog_format = 'STATEMENT'; BEGIN; INSERT INTO scratch (id) VALUES (4); COMMIT; SET SESSION binlog_format = 'MIXED'; BEGIN; INSERT INTO scratch (id) VALUES (5); SELECT UUID() INTO @u; INSERT INTO lms_core.scratch SELECT 32 FROM (SELECT UUID()) any_row; COMMIT",
    ),
    (
        "temporary tables",
        "CREATE TEMPORARY TABLE t1 (a INT); INSERT INTO t1 VALUES (1); INSERT INTO scratch SELECT 50 + a FROM t1; DROP TEMPORARY TABLE t1; CREATE TEMPORARY TABLE t2 (a INT) ENGINE=InnoDB; BEGIN; INSERT INTO scratch VALUES (55); INSERT INTO t2 VALUES (1); DROP TEMPORARY TABLE t2; COMMIT; CREATE TEMPORARY TABLE t3 LIKE scratch",
    ),
    (
        "counters",
        "ALTER TABLE counted AUTO_INCREMENT = 500; ALTER TABLE lms_core.counted AUTO_INCREMENT 600; INSERT INTO counted (v) VALUES (3)",
    ),
    (
        "a number of zero",
        "SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'); INSERT INTO counted VALUES (0, 5); UPDATE counted SET v = 6 WHERE id = 0",
    ),
    (
        "accounts and upkeep",
        "CREATE USER someone@'%'; GRANT SELECT ON lms_core.* TO someone@'%'; ANALYZE TABLE seat; OPTIMIZE TABLE town; FLUSH TABLES; ALTER USER someone@'%' ACCOUNT LOCK; DROP USER someone@'%'",
    ),
    (
        "foreign keys off",
        "SET foreign_key_checks = 0; BEGIN; DELETE FROM region WHERE code = 'r7'; UPDATE street SET id = 6000 WHERE id = 30; INSERT INTO region VALUES ('r7', 7); COMMIT",
    ),
    (
        "prepared transactions",
        "XA START 'g','b',3; INSERT INTO seat VALUES (70, 70); DELETE FROM region WHERE code = 'r6'; XA END 'g','b',3; XA PREPARE 'g','b',3; XA COMMIT 'g','b',3; XA START 'q'; INSERT INTO seat VALUES (71, 71); XA END 'q'; XA PREPARE 'q'; XA ROLLBACK 'q'; XA START 'o'; INSERT INTO seat VALUES (72, 72); INSERT INTO tag VALUES ('xa', 1); XA END 'o'; XA COMMIT 'o' ONE PHASE",
    ),
    (
        "another log file",
        "FLUSH BINARY LOGS; INSERT INTO seat VALUES (80, 80); FLUSH BINARY LOGS; FLUSH BINARY LOGS; UPDATE seat SET place = 81 WHERE id = 80",
    ),
];

/// What Oracle's server refuses under GTID, or because a cascade of a table into itself is too wide for it, or does not know.
pub(super) const CHANGES_OF_MARIADB: &[(&str, &str)] = &[
    (
        "a tree cut off",
        "DELETE FROM node WHERE id = 5; UPDATE node SET parent = 3 WHERE id = 8; DELETE FROM node WHERE id = 4",
    ),
    (
        "a rollback that touched another engine",
        "BEGIN; INSERT INTO scratch VALUES (41); INSERT INTO elsewhere.old VALUES (1); ROLLBACK",
    ),
    (
        "an account replaced",
        "CREATE OR REPLACE USER someone@'%'; DROP USER someone@'%'",
    ),
];
