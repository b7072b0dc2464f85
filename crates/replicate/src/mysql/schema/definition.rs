//! A table's definition taken apart: what is made before the rows, and what after them.

use super::Table;
use crate::mysql::value::quote_name;

/// A table's definition in the parts that are made one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The statement without secondary indexes, foreign keys and counter.
    pub create: String,
    /// Clauses of indexes that may hold doubles: made right after the copy.
    pub plain_indexes: Vec<(String, String)>,
    /// Clauses of unique indexes: made once the table is consistent.
    pub unique_indexes: Vec<(String, String)>,
    /// Clauses of foreign keys: made last.
    pub foreign_keys: Vec<(String, String)>,
}

/// Takes the server's own statement apart, line by line: `SHOW CREATE TABLE` prints each column, index and constraint
/// on a line of its own in every version of both families.
pub fn take_apart(table: &Table) -> Definition {
    let counter_index = table
        .auto_increment_column
        .map(|column| quote_name(&table.columns[column].name));
    let (mut kept, mut plain, mut unique, mut foreign) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut lines = table.create_statement.lines();
    let head = lines.next().unwrap_or_default();
    let mut tail = Vec::new();
    for line in lines {
        if !tail.is_empty() || line.starts_with(')') {
            tail.push(without_counter(line));
            continue;
        }
        let clause = line.trim().trim_end_matches(',').to_owned();
        let name = clause.split('`').nth(1).unwrap_or_default().to_owned();
        let is_identity = table.identity_index.as_deref() == Some(name.as_str());
        // A self-numbering column must stay the first of some index from the beginning.
        let numbers_itself = counter_index
            .as_ref()
            .is_some_and(|column| clause.contains(&format!("({column}")))
            && table.identity.first().copied() != table.auto_increment_column;
        if clause.starts_with("UNIQUE KEY") && !is_identity && !numbers_itself {
            unique.push((name, clause));
        } else if (clause.starts_with("KEY")
            || clause.starts_with("FULLTEXT KEY")
            || clause.starts_with("SPATIAL KEY"))
            && !numbers_itself
        {
            plain.push((name, clause));
        } else if clause.starts_with("CONSTRAINT") && clause.contains(" FOREIGN KEY ") {
            foreign.push((name, clause));
        } else {
            kept.push(format!("  {clause}"));
        }
    }
    let create = format!("{head}\n{}\n{}", kept.join(",\n"), tail.join("\n"));
    Definition {
        create,
        plain_indexes: plain,
        unique_indexes: unique,
        foreign_keys: foreign,
    }
}

/// The table's options without `AUTO_INCREMENT=n`: counters are aligned at the cutover, from the source's own.
fn without_counter(options: &str) -> String {
    let Some((before, after)) = options.split_once(" AUTO_INCREMENT=") else {
        return options.to_owned();
    };
    format!(
        "{before}{}",
        after.trim_start_matches(|c: char| c.is_ascii_digit())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::schema::Column;
    use crate::mysql::value::ColumnClass;

    fn table(create: &str, identity_index: Option<&str>) -> Table {
        Table {
            name: "t".into(),
            columns: vec![Column {
                name: "id".into(),
                class: ColumnClass::Integer {
                    width_bytes: 8,
                    unsigned: true,
                },
                nullable: false,
                generated: false,
            }],
            identity: vec![0],
            identity_index: identity_index.map(str::to_owned),
            engine: "InnoDB".into(),
            auto_increment_column: Some(0),
            create_statement: create.into(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        }
    }

    #[test]
    fn a_definition_is_taken_apart_and_loses_nothing() {
        let definition = take_apart(&table(
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n  `a` int(11) DEFAULT NULL COMMENT 'KEY (x), y',\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`a`),\n  KEY `k` (`a`,`id`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n  CONSTRAINT `c` CHECK (`a` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`)\nPARTITIONS 4",
            Some("PRIMARY"),
        ));
        assert_eq!(
            definition.create,
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n  `a` int(11) DEFAULT NULL COMMENT 'KEY (x), y',\n  PRIMARY KEY (`id`),\n  CONSTRAINT `c` CHECK (`a` > 0)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`)\nPARTITIONS 4"
        );
        assert_eq!(
            definition.unique_indexes,
            vec![("u".to_owned(), "UNIQUE KEY `u` (`a`)".to_owned())]
        );
        assert_eq!(definition.plain_indexes.len(), 1);
        assert_eq!(definition.foreign_keys[0].0, "f");
    }

    #[test]
    fn the_identity_stays_when_it_is_a_unique_key() {
        let definition = take_apart(&table(
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL,\n  UNIQUE KEY `u` (`id`)\n) ENGINE=InnoDB",
            Some("u"),
        ));
        assert!(definition.create.contains("UNIQUE KEY `u`"));
        assert!(definition.unique_indexes.is_empty());
    }
}
