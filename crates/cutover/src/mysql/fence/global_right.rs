//! Rights on everything (`ON *.*`), of accounts and of roles.
//!
//! MariaDB's view of them leaves roles out (seen on 10.11): theirs stand as bits in its own table, so these are read from there.

use std::collections::BTreeSet;

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::Flavour;

use super::writers::grantee;
use crate::error::CutoverError;

/// The places of rights in MariaDB's `access`, as its `sql/privilege.h` has them: those that somebody here asks for.
const PLACES: &[(u32, &str)] = &[
    (0, "SELECT"),
    (1, "INSERT"),
    (2, "UPDATE"),
    (3, "DELETE"),
    (4, "CREATE"),
    (5, "DROP"),
    (8, "PROCESS"),
    (12, "INDEX"),
    (13, "ALTER"),
    (15, "SUPER"),
    (18, "EXECUTE"),
    (23, "CREATE ROUTINE"),
    (24, "ALTER ROUTINE"),
    (25, "CREATE USER"),
    (26, "EVENT"),
    (27, "TRIGGER"),
    (29, "DELETE HISTORY"),
    (32, "CONNECTION ADMIN"),
    (33, "READ_ONLY ADMIN"),
];

/// From this version of MariaDB on, SUPER does not contain READ_ONLY ADMIN any more.
const SUPER_WITHOUT_READ_ONLY: u64 = 101_100;

/// All of a server: each grantee, as `'user'@'host'`, with a right.
pub(super) struct GlobalRights(Vec<(String, String)>);

impl GlobalRights {
    /// Reads them.
    pub(super) async fn read(
        session: &mut Session,
        flavour: Flavour,
    ) -> Result<GlobalRights, CutoverError> {
        let doing = "listing rights on everything";
        let sql = "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES";
        let mut rights: Vec<(String, String)> = session.rows(doing, sql).await?;
        if flavour == Flavour::MariaDb {
            let sql = "SELECT User, Host, CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED), \
                       CAST(COALESCE(JSON_VALUE(Priv, '$.version_id'), 0) AS UNSIGNED) FROM mysql.global_priv \
                       WHERE JSON_VALUE(Priv, '$.is_role') IN ('1', 'true')";
            let roles: Vec<(String, String, Option<u64>, u64)> = session.rows(doing, sql).await?;
            for (role, host, access, written_by) in roles {
                let held: Vec<&str> = names_of(access.unwrap_or_default()).collect();
                // What an older server wrote goes past read_only by SUPER alone.
                let is_old = written_by < SUPER_WITHOUT_READ_ONLY && held.contains(&"SUPER");
                let held = held.into_iter().chain(is_old.then_some("READ_ONLY ADMIN"));
                rights.extend(held.map(|name| (grantee(&role, &host), name.to_owned())));
            }
        }
        Ok(GlobalRights(rights))
    }

    /// Grantees of any of these rights.
    pub(super) fn holders_of(&self, names: &[&str]) -> BTreeSet<String> {
        let holds = |(_, right): &&(String, String)| names.contains(&right.as_str());
        let found = self.0.iter().filter(holds);
        found.map(|(grantee, _)| grantee.clone()).collect()
    }

    /// Rights of any of these grantees.
    pub(super) fn of(self, grantees: &BTreeSet<String>) -> BTreeSet<String> {
        let found = self.0.into_iter();
        let theirs = found.filter(|(grantee, _)| grantees.contains(grantee));
        theirs.map(|(_, right)| right).collect()
    }
}

fn names_of(access: u64) -> impl Iterator<Item = &'static str> {
    let is_held = move |(place, _): &&(u32, &str)| access & (1 << place) != 0;
    PLACES.iter().filter(is_held).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_role_are_read() {
        // As MariaDB 10.11 writes them for READ_ONLY ADMIN, and for INSERT with CONNECTION ADMIN.
        assert_eq!(
            names_of(8_589_934_592).collect::<Vec<_>>(),
            ["READ_ONLY ADMIN"]
        );
        assert_eq!(
            names_of(4_294_967_298).collect::<Vec<_>>(),
            ["INSERT", "CONNECTION ADMIN"]
        );
    }
}
