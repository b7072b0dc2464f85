//! A table without a key is a bag of rows, some of which may be alike: what a batch does to it is a sum.
//!
//! # Why a sum of changes is right where an order of changes is not needed
//!
//! With `REPLICA IDENTITY FULL` the log tells whole what comes and what goes, in the texts of the types' own output functions: an update is one row less and one more. Rows
//! with one text in every field are alike as far as anybody can ask (rule 7), so a bag is told by how often each of them stands in it. A batch leads from one committed state of
//! the source to a later one (rule 12), or through a part of one transaction in the order of the log; between the two the number of rows with an image changes by the sum of
//! that image's changes, and no other fact about the order is in the table. So what came and went within the batch is left out, and the target takes the rest in two statements for all rows: first what
//! goes, then what comes (rule 13), which is also right where a unique index that names no row (one that may be NULL, or is deferred) had values change places.
//!
//! *Exactly as many rows go as the sum says*, else the batch is not kept ([`ReplicateError::Diverged`](crate::error::ReplicateError::Diverged)): also if two images of the source print as one here. The
//! table is read once for a batch, not once for each change, where no index helps.
//!
//! Where changes must come in order, none is summed: [`super::one_row`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::decode::{Tuple, Value};
use super::literal::{array, text};
use super::write::{Shape, Statement, exactly};
use crate::postgres::capture::keyless::{COMPARED_BY_VALUE, ways};
use crate::postgres::value::quote_name;

/// How many rows of each image a table has more or less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bag {
    images: HashMap<Tuple, Sum>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    rows: i64,
    /// When the image was first met: rows come in the order of the log.
    place: usize,
}

impl Bag {
    /// A row comes.
    pub fn insert(&mut self, row: Tuple) {
        self.add(row, 1);
    }

    /// A row like this goes.
    pub fn delete(&mut self, row: Tuple) {
        self.add(row, -1);
    }

    /// A row like the first becomes like the second, which leaves out what is stored outside of the row and did not change.
    pub fn update(&mut self, old: Tuple, mut new: Tuple) {
        for (value, before) in new.iter_mut().zip(&old) {
            if *value == Value::Unchanged {
                *value = before.clone();
            }
        }
        self.delete(old);
        self.insert(new);
    }

    fn add(&mut self, row: Tuple, rows: i64) {
        let place = self.images.len();
        match self.images.entry(row) {
            Entry::Occupied(mut known) => known.get_mut().rows += rows,
            Entry::Vacant(new) => {
                new.insert(Sum { rows, place });
            }
        }
    }

    /// Whether no row was met.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The images that go, with how many rows of each, and the rows that come.
    pub fn into_rows(self) -> (Vec<(Tuple, u64)>, Vec<Tuple>) {
        let mut images: Vec<(Tuple, Sum)> = self.images.into_iter().collect();
        images.sort_unstable_by_key(|(_, sum)| sum.place);
        let (mut going, mut coming) = (Vec::new(), Vec::new());
        for (row, Sum { rows, .. }) in images {
            let count = rows.unsigned_abs();
            if rows < 0 {
                going.push((row, count));
            } else {
                coming.extend((0..count).map(|_| row.clone()));
            }
        }
        (going, coming)
    }
}

impl Shape {
    /// What takes rows away by their images; the planner may find them in any way meanwhile. One alone, as while following, is looked for until it is met.
    pub(super) fn delete_like(&self, going: &[(Tuple, u64)]) -> Vec<Statement> {
        if let [(row, 1)] = going {
            return vec![self.delete_one(row)];
        }
        let rows: u64 = going.iter().map(|(_, rows)| rows).sum();
        let delete = Statement {
            sql: self.delete_images(going),
            rows_least: rows,
            rows_most: rows,
        };
        let set = |word| ways(word).map(|sql| exactly(0, sql.into_bytes()));
        let before = set("on").into_iter();
        before.chain([delete]).chain(set("off")).collect()
    }

    fn delete_images(&self, going: &[(Tuple, u64)]) -> Vec<u8> {
        let path = self.table.path();
        let all = 0..self.fields.len();
        let passed: String = all.clone().map(|field| format!("c{field}, ")).collect();
        let cast = |field| format!("v.c{field}::{} AS c{field}, ", self.column(field).type_name);
        let cast: String = all.clone().map(cast).collect();
        let mut sql = format!(
            "DELETE FROM ONLY {path} AS d USING (SELECT t.ctid AS place, row_number() OVER (PARTITION BY s.number) AS nth, s.copies \
             FROM (SELECT {cast}v.copies::bigint AS copies, v.number FROM unnest("
        )
        .into_bytes();
        for field in all.clone() {
            array(&mut sql, going.iter().map(|(row, _)| text(&row[field])));
            sql.extend_from_slice(b", ");
        }
        let copies: Vec<String> = going.iter().map(|(_, rows)| rows.to_string()).collect();
        array(&mut sql, copies.iter().map(|rows| Some(rows.as_bytes())));
        sql.extend_from_slice(
            format!(
                ") WITH ORDINALITY AS v({passed}copies, number)) AS s JOIN ONLY {path} AS t ON {}) AS p WHERE d.ctid = p.place AND p.nth <= p.copies",
                self.same_image(going)
            )
            .as_bytes(),
        );
        sql
    }

    /// What is equal by value, if it is cheap to ask and never NULL here; and what the types themselves print, since a cast to text prints some of them in another
    /// way. To print every row of the table costs several times what reading it does (measured: 1.5 s against 0.2 s for a million rows), so only rows that are
    /// equal by value are printed, if that tells the images well enough apart. Where nothing is compared by value, every row is printed whatever the plan: by a
    /// hash once, and row by row once more for each image.
    fn same_image(&self, going: &[(Tuple, u64)]) -> String {
        let name = |field: usize| format!("t.{}", quote_name(&self.column(field).name));
        let all = 0..self.fields.len();
        let is_by_value = |field: &usize| {
            COMPARED_BY_VALUE.contains(&self.column(*field).type_oid)
                && going.iter().all(|(row, _)| row[*field] != Value::Null)
        };
        let by_value: Vec<usize> = all.clone().filter(is_by_value).collect();
        let theirs: Vec<String> = all.clone().map(name).collect();
        let ours: Vec<String> = all.map(|field| format!("s.c{field}")).collect();
        let print_alike = format!(
            "ROW({})::text = ROW({})::text",
            theirs.join(", "),
            ours.join(", ")
        );
        let is_told_by_value = !by_value.is_empty() && most_alike(going, &by_value) <= FEW;
        let print_alike = match is_told_by_value {
            // Nothing that a hash could be made of.
            true => format!("({print_alike}) IS TRUE"),
            false => print_alike,
        };
        let equal = by_value
            .into_iter()
            .map(|field| format!("{} = s.c{field} AND ", name(field)));
        equal.chain([print_alike]).collect()
    }
}

/// Images that a row may be compared with one by one.
const FEW: usize = 8;

/// The most images that have the same values in some fields.
fn most_alike(going: &[(Tuple, u64)], fields: &[usize]) -> usize {
    let mut alike: HashMap<Vec<&Value>, usize> = HashMap::new();
    for (row, _) in going {
        let values = fields.iter().map(|field| &row[*field]).collect();
        *alike.entry(values).or_default() += 1;
    }
    alike.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::table::{Column, ReplicaIdentity, Table};

    fn row(text: &str) -> Tuple {
        vec![Value::Text(text.as_bytes().into())]
    }

    /// Rows of a number and a document, or of the document alone.
    fn shape(types: &[u32]) -> Shape {
        let column = |(place, oid): (usize, &u32)| Column {
            name: format!("c{place}"),
            type_name: "anything".to_owned(),
            type_oid: *oid,
            type_modifier: -1,
            is_generated: false,
            is_identity_always: false,
            travels_as_binary: true,
            is_not_null: false,
        };
        let table = Table {
            schema: "public".to_owned(),
            name: "bag".to_owned(),
            oid: 1,
            columns: types.iter().enumerate().map(column).collect(),
            identity: Vec::new(),
            has_other_unique: false,
            replica_identity: ReplicaIdentity::Full,
            is_unlogged: false,
            pages: 0,
            rows: 0,
            bytes: 0,
        };
        Shape {
            fields: (0..types.len()).collect(),
            key: Vec::new(),
            table,
        }
    }

    /// A hash of what is printed spares printing each row once for each image, unless only rows that are equal by value are printed at all.
    #[test]
    fn rows_are_printed_for_a_hash_unless_values_tell_the_images_apart() {
        const INTEGER: u32 = 23;
        const JSON: u32 = 114;
        let check = |types: &[u32], images: usize, is_hashed: bool| {
            let image = |number: usize| -> (Tuple, u64) {
                let field = |oid: &u32| match *oid {
                    JSON => Value::Text(format!("[{number}]").into_bytes().into()),
                    _ => Value::Text(b"1".as_slice().into()),
                };
                (types.iter().map(field).collect(), 20)
            };
            let going: Vec<_> = (0..images).map(image).collect();
            let same = shape(types).same_image(&going);
            assert_eq!(!same.contains("IS TRUE"), is_hashed, "{images}: {same}");
        };
        check(&[INTEGER, JSON], FEW, false);
        check(&[INTEGER, JSON], FEW + 1, true);
        check(&[JSON], 1, true);
        check(&[JSON], FEW + 1, true);
    }

    #[test]
    fn what_came_and_went_is_left_out_and_the_rest_is_counted() {
        let mut bag = Bag::default();
        for image in ["b", "a", "b", "c"] {
            bag.insert(row(image));
        }
        bag.delete(row("c"));
        bag.delete(row("d"));
        bag.delete(row("d"));
        bag.update(row("e"), row("d"));
        bag.update(row("f"), vec![Value::Unchanged]);
        let (going, coming) = bag.into_rows();
        assert_eq!(going, [(row("d"), 1), (row("e"), 1)]);
        assert_eq!(coming, [row("b"), row("b"), row("a")]);
    }
}
