//! The accounts of a database with their rights, as a script for another server that people review and run. Reberth itself makes no account.
//!
//! What is carried is what concerns the database: rights on it, on its tables, columns and routines, the roles that hold such rights, the accounts that
//! may stand in the place of one that has them, and the accounts that its programs run as. Rights on the whole server are narrowed to the database. A password travels as its hash, and only where the other server knows the
//! method; else the account is made locked, with a password that nobody knows. What can write is made locked too: until the target opens, nobody
//! but the stream may write there.

mod read;
mod right;
mod script;
mod writers;

pub use definer::Account;
pub use read::read;
pub use right::{Place, Right};
pub use script::{Passwords, script};

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::objects::definer;
use crate::mysql::server::{self, Flavour};

/// An account or a role of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Name and host; a role of MariaDB has no host.
    pub account: Account,
    /// It is a role: nobody logs in as it.
    pub is_role: bool,
    /// How it proves itself.
    pub plugin: String,
    /// What the server keeps to check that: a hash. Empty: nothing.
    pub hash: Vec<u8>,
    /// Whether it is locked.
    pub is_locked: bool,
    /// The encryption that it must use, as `REQUIRE` says it; empty for none.
    pub requires: String,
    /// Whether it has limits on queries or connections.
    pub is_limited: bool,
}

/// A role that was given to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The role.
    pub role: Account,
    /// Who has it.
    pub member: Account,
    /// May give it on.
    pub is_admin: bool,
    /// It is in force from the login on.
    pub is_default: bool,
}

/// An account that may log in and then be another one (`GRANT PROXY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Who it becomes.
    pub of: Account,
    /// Who may do so.
    pub holder: Account,
    /// May give it on.
    pub is_grantable: bool,
}

/// The accounts of a server, as far as they concern one database.
#[derive(Clone, Debug)]
pub struct Found {
    /// The database.
    pub database: String,
    /// Which family the server is of.
    pub flavour: Flavour,
    /// Accounts and roles that have to do with the database.
    pub logins: Vec<Login>,
    /// Their rights.
    pub rights: Vec<Right>,
    /// Their roles.
    pub memberships: Vec<Membership>,
    /// Who may stand in whose place.
    pub proxies: Vec<Proxy>,
    /// Programs by the account that they run as.
    pub definers: BTreeMap<Account, Vec<String>>,
    /// Accounts that are left out, with the reason.
    pub left_out: Vec<(Account, &'static str)>,
}

/// What the other server is.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Which family.
    pub flavour: Flavour,
    /// The methods of proving oneself that it has.
    pub plugins: BTreeSet<String>,
}

/// Asks a server what it is.
pub async fn destination(session: &mut Session) -> Result<Destination, ReplicateError> {
    let flavour = server::version(session).await?.flavour;
    let sql = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'";
    let plugins: Vec<String> = session
        .rows("listing the methods of logging in", sql)
        .await?;
    Ok(Destination {
        flavour,
        plugins: plugins.into_iter().collect(),
    })
}
