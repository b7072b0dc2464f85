//! Changes of a table without a key one by one, where all changes must come in order ([`super::ordered`]).

use super::decode::{Tuple, Value};
use super::literal::literal;
use super::write::{Shape, Statement, exactly};
use crate::postgres::capture::keyless::COMPARED_BY_VALUE;
use crate::postgres::value::quote_name;

impl Shape {
    /// One row goes that is alike in every field, as text (rule 7).
    pub(super) fn delete_one(&self, old: &Tuple) -> Statement {
        let path = self.table.path();
        let mut sql = format!("DELETE FROM ONLY {path} AS t WHERE t.ctid = ").into_bytes();
        self.one_row_like(&mut sql, old);
        exactly(1, sql)
    }

    /// One row becomes another. A column that is `GENERATED ALWAYS AS IDENTITY` cannot be set by an UPDATE: if it changed, the row goes and comes again.
    pub(super) fn update_one(&self, old: &Tuple, new: &Tuple) -> Vec<Statement> {
        let changes = |field: usize| new[field] != Value::Unchanged && new[field] != old[field];
        let is_fixed = |field: &usize| self.column(*field).is_identity_always;
        if (0..new.len()).any(|field| is_fixed(&field) && changes(field)) {
            let whole = new.iter().zip(old).map(|(value, stood)| match value {
                Value::Unchanged => stood.clone(),
                value => value.clone(),
            });
            let insert = self.insert(&[whole.collect()]);
            return vec![self.delete_one(old), exactly(1, insert)];
        }
        let set: Vec<usize> = (0..new.len())
            .filter(|field| new[*field] != Value::Unchanged && !is_fixed(field))
            .collect();
        if set.is_empty() {
            return Vec::new();
        }
        let mut sql = format!("UPDATE ONLY {} AS t SET ", self.table.path()).into_bytes();
        for (place, field) in set.into_iter().enumerate() {
            if place > 0 {
                sql.extend_from_slice(b", ");
            }
            let column = self.column(field);
            sql.extend_from_slice(format!("{} = ", quote_name(&column.name)).as_bytes());
            self.typed(&mut sql, field, &new[field]);
        }
        sql.extend_from_slice(b" WHERE t.ctid = ");
        self.one_row_like(&mut sql, old);
        vec![exactly(1, sql)]
    }

    fn one_row_like(&self, sql: &mut Vec<u8>, row: &Tuple) {
        sql.extend_from_slice(
            format!(
                "(SELECT o.ctid FROM ONLY {} AS o WHERE true",
                self.table.path()
            )
            .as_bytes(),
        );
        // What is equal by value, if it is cheap to ask; then what the types themselves print, since a cast to text prints some of them in another way.
        for (field, value) in row.iter().enumerate() {
            let column = self.column(field);
            let name = quote_name(&column.name);
            if *value == Value::Null {
                sql.extend_from_slice(format!(" AND o.{name} IS NULL").as_bytes());
            } else if COMPARED_BY_VALUE.contains(&column.type_oid) {
                sql.extend_from_slice(format!(" AND o.{name} = ").as_bytes());
                self.typed(sql, field, value);
            }
        }
        let names =
            (0..row.len()).map(|field| format!("o.{}", quote_name(&self.column(field).name)));
        let names: Vec<String> = names.collect();
        sql.extend_from_slice(format!(" AND ROW({})::text = ROW(", names.join(", ")).as_bytes());
        for (field, value) in row.iter().enumerate() {
            if field > 0 {
                sql.extend_from_slice(b", ");
            }
            self.typed(sql, field, value);
        }
        sql.extend_from_slice(b")::text");
        sql.extend_from_slice(b" LIMIT 1)");
    }

    fn typed(&self, sql: &mut Vec<u8>, field: usize, value: &Value) {
        literal(sql, value);
        sql.extend_from_slice(format!("::{}", self.column(field).type_name).as_bytes());
    }
}
