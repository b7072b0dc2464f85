use super::*;
use crate::mysql::schema::Column;

fn translated(create: &str, to: Flavour) -> Translation {
    let from = match to {
        Flavour::MySql => Flavour::MariaDb,
        Flavour::MariaDb => Flavour::MySql,
    };
    let key = Column {
        name: "id".into(),
        class: ColumnClass::Decimal,
        nullable: false,
        generated: false,
    };
    let one = Table {
        name: "t".into(),
        columns: vec![key],
        identity: vec![0],
        identity_index: Some("PRIMARY".into()),
        engine: "InnoDB".into(),
        auto_increment_column: None,
        create_statement: create.into(),
        estimated_rows: 0,
        data_bytes: 0,
        mean_row_bytes: 1,
    };
    table(&one, from, to)
}

#[test]
fn mariadbs_words_become_mysqls() {
    let translation = translated(
        "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `u` uuid DEFAULT uuid(),\n  `uuid` inet6 NOT NULL COMMENT ' uuid, IGNORED',\n  `c` varchar(9) /*M!100301 COMPRESSED*/ COLLATE utf8mb4_uca1400_ai_ci DEFAULT 'a (b',\n  `x` text DEFAULT 'it''s, x' COMMENT 'y',\n  `n` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp(),\n  `d` date NOT NULL DEFAULT (curdate() + interval 1 day),\n  `e` date DEFAULT curdate() INVISIBLE,\n  `f` int(11) DEFAULT -1,\n  PRIMARY KEY (`id`),\n  KEY `k` (`f`) IGNORED,\n  CONSTRAINT `CONSTRAINT_1` CHECK (`f` > 0)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci PAGE_CHECKSUM=1 COMMENT='a b=c' `page_compressed`='1'",
        Flavour::MySql,
    );
    assert_eq!(translation.blockers, Vec::<String>::new());
    assert_eq!(
        translation.create_statement,
        "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `u` char(36) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT (uuid()),\n  `uuid` varchar(45) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT ' uuid, IGNORED',\n  `c` varchar(9) COLLATE utf8mb4_unicode_520_ci DEFAULT 'a (b',\n  `x` text DEFAULT ('it''s, x') COMMENT 'y',\n  `n` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp(),\n  `d` date NOT NULL DEFAULT (curdate() + interval 1 day),\n  `e` date DEFAULT (curdate()) INVISIBLE,\n  `f` int(11) DEFAULT -1,\n  PRIMARY KEY (`id`),\n  KEY `k` (`f`) INVISIBLE,\n  CHECK (`f` > 0)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='a b=c'"
    );
    assert!(
        translation
            .changes
            .iter()
            .any(|change| change.contains("PAGE_CHECKSUM=1"))
    );
}

#[test]
fn mysqls_words_become_mariadbs() {
    let translation = translated(
        "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `i` int DEFAULT '3' /*!80023 INVISIBLE */,\n  `c` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT '/*!80023 x',\n  `g` int GENERATED ALWAYS AS ((`id` + 1)) STORED NOT NULL,\n  `p` point NOT NULL /*!80003 SRID 4326 */,\n  PRIMARY KEY (`id`),\n  KEY `k` (`i` DESC) /*!80000 INVISIBLE */,\n  CONSTRAINT `off` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci /*!80016 ENCRYPTION='Y' */\n/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */",
        Flavour::MariaDb,
    );
    assert_eq!(translation.blockers, Vec::<String>::new());
    assert_eq!(
        translation.create_statement,
        "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `i` int DEFAULT '3' INVISIBLE,\n  `c` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_as_cs DEFAULT '/*!80023 x',\n  `g` int GENERATED ALWAYS AS ((`id` + 1)) STORED,\n  `p` point NOT NULL,\n  PRIMARY KEY (`id`),\n  KEY `k` (`i` DESC) IGNORED\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci\n/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */"
    );
}

#[test]
fn what_has_no_words_is_refused() {
    for (clause, options, to) in [
        ("KEY `k` ((lower(`c`)))", "", Flavour::MariaDb),
        (
            "`c` varchar(9) COLLATE utf8mb4_ja_0900_as_cs",
            "",
            Flavour::MariaDb,
        ),
        (
            "FULLTEXT KEY `k` (`c`) /*!50100 WITH PARSER `ngram` */",
            "",
            Flavour::MariaDb,
        ),
        ("PERIOD FOR `p` (`a`, `b`)", "", Flavour::MySql),
        ("UNIQUE KEY `k` (`c`) USING HASH", "", Flavour::MySql),
        ("`c` int(11) DEFAULT nextval(`d`.`s`)", "", Flavour::MySql),
        (
            "`c` varchar(9) COLLATE latin1_nopad_bin",
            "",
            Flavour::MySql,
        ),
        ("KEY `k` (`c`)", " WITH SYSTEM VERSIONING", Flavour::MySql),
        (
            "KEY `k` (`c`)",
            "\n PARTITION BY SYSTEM_TIME",
            Flavour::MySql,
        ),
    ] {
        let create = format!(
            "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  {clause}\n) ENGINE=InnoDB{options}"
        );
        assert_eq!(
            translated(&create, to).blockers.len(),
            1,
            "{clause} {options}"
        );
    }
}
