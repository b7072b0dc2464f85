//! Which relations of a database are the application's: those of the server, of Reberth, of the provider and of an extension are not.
//!
//! Heroku keeps a schema of its own in every database, into which nobody else may look. An extension brings its tables itself, wherever it is made, and often
//! nobody but the server's administrator owns them.

macro_rules! schemas {
    () => {
        "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'reberth', '_heroku')"
    };
}

/// Of `pg_namespace` as `n`. The server lets nobody make a schema whose name begins with `pg_`.
pub const SCHEMAS: &str = schemas!();

/// Of `pg_class` and `pg_namespace` as `c` and `n`.
pub const RELATIONS: &str = concat!(
    schemas!(),
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')"
);

/// Of `pg_class` as `c`: logged or not, but not of a session alone.
pub const LASTING: &str = "c.relpersistence IN ('p', 'u')";

/// Schemas that have a name of their own, and are never moved: ours, and that of Heroku.
pub(crate) const OURS_AND_THE_PROVIDERS: [&str; 2] = ["reberth", "_heroku"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_not_dumped() {
        for schema in OURS_AND_THE_PROVIDERS {
            assert!(SCHEMAS.contains(&format!("'{schema}'")), "{schema}");
        }
    }
}
