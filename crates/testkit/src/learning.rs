//! A small learning platform: its schema, its accounts, and enough data to be worth moving.

pub mod postgres;

use crate::database::{DatabaseError, Server};

/// The database's name.
pub const DATABASE: &str = "lms_core";
/// Password of all accounts of the demo and the tests; the servers live on loopback for minutes.
pub const PASSWORD: &str = "local-only";

const SCHEMA: &str = "
CREATE DATABASE lms_core CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE lms_core;
CREATE TABLE learner (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(190) NOT NULL, name VARCHAR(120) NOT NULL, bio TEXT NULL,
  points INT UNSIGNED NOT NULL DEFAULT 0, balance DECIMAL(12,4) NOT NULL DEFAULT 0, joined_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  initials VARCHAR(2) GENERATED ALWAYS AS (UPPER(LEFT(name, 2))) STORED, UNIQUE KEY learner_email (email), KEY learner_joined (joined_at)) ENGINE=InnoDB;
CREATE TABLE course (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(80) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL, title VARCHAR(200) NOT NULL,
  level ENUM('beginner','intermediate','advanced') NOT NULL, topics SET('code','data','design','law') NOT NULL DEFAULT '', outline MEDIUMTEXT NULL, cover BLOB NULL,
  UNIQUE KEY course_slug (slug)) ENGINE=InnoDB;
CREATE TABLE enrollment (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, learner_id BIGINT UNSIGNED NOT NULL, course_id INT UNSIGNED NOT NULL, op BIGINT NOT NULL DEFAULT 0,
  enrolled_on DATE NOT NULL DEFAULT (CURRENT_DATE), progress FLOAT NULL, KEY enrollment_op (op), KEY enrollment_course (course_id),
  UNIQUE KEY enrollment_once (learner_id, course_id, op),
  CONSTRAINT enrollment_learner FOREIGN KEY (learner_id) REFERENCES learner (id),
  CONSTRAINT enrollment_course FOREIGN KEY (course_id) REFERENCES course (id)) ENGINE=InnoDB;
CREATE TABLE submission (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, enrollment_id BIGINT UNSIGNED NULL, op BIGINT NOT NULL DEFAULT 0, revision BIGINT NOT NULL DEFAULT 0,
  score DOUBLE NULL, answer MEDIUMTEXT NOT NULL, attachment VARBINARY(400) NULL, handed_in_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY submission_op (op), KEY submission_enrollment (enrollment_id),
  CONSTRAINT submission_enrollment FOREIGN KEY (enrollment_id) REFERENCES enrollment (id) ON DELETE CASCADE) ENGINE=InnoDB;
CREATE TABLE lesson_view (learner_id BIGINT UNSIGNED NOT NULL, course_id INT UNSIGNED NOT NULL, op BIGINT NOT NULL DEFAULT 0, seconds FLOAT NULL, note VARCHAR(60) NULL, seen_at DATETIME(6) NOT NULL) ENGINE=InnoDB;
CREATE TABLE badge (learner_id BIGINT UNSIGNED NOT NULL, code VARCHAR(20) NOT NULL, awarded_at DATETIME NULL, PRIMARY KEY (learner_id, code)) ENGINE=InnoDB;
";

/// Accounts as a managed provider's customer would have them: a reader for the move, the application, one that fences, one that writes the
/// way back. None may do more than its part.
const SOURCE_ACCOUNTS: &str = "
CREATE USER app@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, INSERT, UPDATE, DELETE ON lms_core.* TO app@'%';
CREATE USER reader@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, SHOW VIEW ON lms_core.* TO reader@'%'; GRANT REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO reader@'%';
CREATE USER fence@'%' IDENTIFIED BY 'local-only'; GRANT CREATE USER, CONNECTION ADMIN, PROCESS, BINLOG MONITOR, REPLICA MONITOR ON *.* TO fence@'%'; GRANT SELECT ON mysql.* TO fence@'%'; GRANT SELECT ON lms_core.* TO fence@'%';
CREATE USER reverse@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, TRIGGER ON lms_core.* TO reverse@'%'; GRANT ALL ON reberth.* TO reverse@'%'; GRANT BINLOG MONITOR ON *.* TO reverse@'%';
";
const TARGET_ACCOUNTS: &str = "
CREATE USER app@'%' IDENTIFIED BY 'local-only'; GRANT SELECT, INSERT, UPDATE, DELETE ON lms_core.* TO app@'%'; ALTER USER app@'%' ACCOUNT LOCK;
CREATE USER writer@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO writer@'%'; GRANT ALL ON reberth.* TO writer@'%'; GRANT REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO writer@'%';
CREATE USER fence@'%' IDENTIFIED BY 'local-only'; GRANT CREATE USER, CONNECTION ADMIN, PROCESS, BINLOG MONITOR, REPLICA MONITOR ON *.* TO fence@'%'; GRANT SELECT ON mysql.* TO fence@'%'; GRANT SELECT ON lms_core.* TO fence@'%';
";

/// How much data there is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Learners; a tenth as many courses up to 500.
    pub learners: u32,
    /// Submissions, of about 900 bytes each.
    pub submissions: u32,
}

impl Size {
    /// A few megabytes, for tests.
    pub const SMALL: Size = Size {
        learners: 400,
        submissions: 4_000,
    };
    /// About 200 MB, for the demo.
    pub const DEMO: Size = Size {
        learners: 20_000,
        submissions: 240_000,
    };
}

/// Makes the platform on a source server: schema, accounts and data. The data is not in the server's log, as if it had been
/// there long before the log began.
pub fn seed(source: &Server, size: Size) -> Result<(), DatabaseError> {
    source.sql(SCHEMA)?;
    source.sql(SOURCE_ACCOUNTS)?;
    let courses = (size.learners / 10).clamp(20, 500);
    let enrollments = size.learners * 2;
    source.sql(&format!(
        "SET sql_log_bin = 0; SET unique_checks = 0; SET foreign_key_checks = 0; USE {DATABASE};
         INSERT INTO learner (id, email, name, bio, points, balance, joined_at)
           SELECT seq, CONCAT('learner', seq, '@brightlearn.example'), CONCAT('Learner ', seq, ' \u{1F393}'), IF(seq % 3, REPEAT('curious ', 20), NULL), 0, seq / 7, '2024-01-01 00:00:01' + INTERVAL seq MINUTE FROM seq_1_to_{};
         INSERT INTO course (slug, title, level, topics, outline, cover)
           SELECT CONCAT('course-', seq), CONCAT('Course ', seq), 1 + seq % 3, seq % 16, REPEAT('lesson ', 300), UNHEX(REPEAT(LPAD(HEX(seq % 256), 2, '0'), 200)) FROM seq_1_to_{courses};
         INSERT INTO enrollment (learner_id, course_id, progress)
           SELECT 1 + seq % {}, 1 + seq DIV {} + seq % {}, IF(seq % 5, seq / 3, NULL) FROM seq_1_to_{enrollments};
         INSERT INTO badge SELECT seq, IF(seq % 2, 'First', 'first-Ää'), IF(seq % 4, '2025-02-03 04:05:06', NULL) FROM seq_1_to_{};",
        size.learners,
        size.learners,
        size.learners,
        courses - 2,
        size.learners,
    ))?;
    source.sql(&format!(
        "SET sql_log_bin = 0; SET unique_checks = 0; SET foreign_key_checks = 0; USE {DATABASE};
         INSERT INTO submission (enrollment_id, score, answer, attachment, handed_in_at)
           SELECT 1 + seq % {enrollments}, IF(seq % 7, seq / 11, NULL), CONCAT('Answer ', seq, ' ', REPEAT(SHA2(seq, 256), 10), 'é\u{1F600}'),
             IF(seq % 2, UNHEX(REPEAT(SHA2(seq, 256), 4)), NULL), '2025-01-01 00:00:00.000001' + INTERVAL seq SECOND FROM seq_1_to_{};
         INSERT INTO lesson_view SELECT 1 + seq % {}, 1 + seq % 20, 0, seq % 9 / 3, IF(seq % 2, NULL, ''), '2025-05-05 05:05:05' FROM seq_1_to_{};
         ANALYZE TABLE learner, course, enrollment, submission, lesson_view, badge;",
        size.submissions,
        size.learners,
        size.learners / 2,
    ))?;
    Ok(())
}

/// Makes the accounts of an empty target.
pub fn prepare_target(target: &Server) -> Result<(), DatabaseError> {
    target.sql(TARGET_ACCOUNTS).map(drop)
}
