//! The script: SQL for the other server, in the order in which it can be run, with a remark for everything that is not as it was.

use std::collections::BTreeMap;

use super::right::is_of_both;
use super::{Account, Destination, Found, Login, Place, Right};
use crate::mysql::server::Flavour;
use crate::mysql::value::{quote_name, quote_text};

/// Methods whose hashes a server of the same family takes. The salt of MySQL's own may hold any byte, so it is written in hexadecimal digits.
const CARRIED: [&str; 5] = [
    NATIVE,
    "caching_sha2_password",
    "sha256_password",
    "ed25519",
    "parsec",
];
/// The one method that both families share.
const NATIVE: &str = "mysql_native_password";

/// What becomes of passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// They travel as hashes, where the other server knows the method.
    AsHashes,
    /// They stay behind: every account is made locked.
    LeftBehind,
}

/// Writes the script.
pub fn script(found: &Found, to: &Destination, passwords: Passwords) -> String {
    let writer = Writer {
        found,
        to,
        passwords,
    };
    let mut lines = writer.head();
    let (roles, logins): (Vec<&Login>, Vec<&Login>) =
        found.logins.iter().partition(|login| login.is_role);
    lines.extend(roles.iter().flat_map(|role| writer.role(role)));
    lines.extend(logins.iter().flat_map(|login| writer.login(login)));
    for login in roles.iter().chain(&logins) {
        lines.extend(writer.grants(&login.account));
    }
    lines.extend(writer.memberships());
    lines.extend(writer.proxies());
    lines.extend(writer.definers());
    lines.extend(writer.left_out());
    lines.extend(writer.opening(&logins));
    lines.join("\n") + "\n"
}

struct Writer<'a> {
    found: &'a Found,
    to: &'a Destination,
    passwords: Passwords,
}

impl Writer<'_> {
    fn head(&self) -> Vec<String> {
        let mut lines = vec![
            remark(&format!(
                "Accounts and rights of the database {}. To be reviewed, then run by an administrator of the target,",
                self.found.database
            )),
            remark(
                "once `reberth replicate start` follows: rights on tables and routines want these to be there.",
            ),
            remark(
                "Hosts are those of the source; change them where clients come from other networks.",
            ),
        ];
        let has_hash = |login: &&Login| self.hash_clause(login).is_ok();
        if self.found.logins.iter().any(|login| has_hash(&login)) {
            lines.push(remark(
                "It holds hashes of passwords: keep it as you would keep these.",
            ));
        }
        lines
    }

    fn role(&self, role: &Login) -> Vec<String> {
        let mut lines = vec![String::new()];
        if self.to.flavour == Flavour::MariaDb && !matches!(role.account.host.as_str(), "" | "%") {
            lines.push(remark(&format!(
                "role {}: a role of MariaDB has no host",
                role.account
            )));
        }
        let name = self.name_of(&role.account);
        lines.push(format!("CREATE ROLE IF NOT EXISTS {name};"));
        lines
    }

    fn login(&self, login: &Login) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut words = vec![format!(
            "CREATE USER IF NOT EXISTS {}",
            self.name_of(&login.account)
        )];
        let hash = self.hash_clause(login);
        match &hash {
            Ok(clause) => words.push(clause.clone()),
            Err(reason) => {
                lines.push(remark(&format!(
                    "{}: no password is carried, as {reason}; set one before it is unlocked",
                    login.account
                )));
                words.push(self.no_password().to_owned());
            }
        }
        match login.requires.as_str() {
            "" => {}
            "SPECIFIED" => lines.push(remark(&format!(
                "{}: what it requires of certificates is not carried",
                login.account
            ))),
            requires => words.push(format!("REQUIRE {requires}")),
        }
        if login.is_limited {
            lines.push(remark(&format!(
                "{}: its limits on queries and connections are not carried",
                login.account
            )));
        }
        if hash.is_err() || login.is_locked || self.found.can_write(&login.account) {
            words.push("ACCOUNT LOCK".to_owned());
        }
        lines.push(format!("{};", words.join(" ")));
        lines
    }

    /// How the account is to prove itself, or why that cannot be said.
    fn hash_clause(&self, login: &Login) -> Result<String, String> {
        let plugin = login.plugin.as_str();
        if self.passwords == Passwords::LeftBehind {
            return Err("none was to be".to_owned());
        }
        if login.hash.is_empty() || login.is_role {
            return Err("the source keeps none".to_owned());
        }
        let is_same_family = self.found.flavour == self.to.flavour;
        let is_known = CARRIED.contains(&plugin) && (is_same_family || plugin == NATIVE);
        if !is_known || !self.to.plugins.contains(plugin) {
            return Err(format!(
                "the source keeps it for {plugin}, which the target does not take"
            ));
        }
        let hash = &login.hash;
        Ok(match self.to.flavour {
            Flavour::MySql => {
                let digits: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("IDENTIFIED WITH {plugin} AS 0x{digits}")
            }
            Flavour::MariaDb => {
                let text = quote_text(&String::from_utf8_lossy(hash));
                format!("IDENTIFIED VIA {plugin} USING {text}")
            }
        })
    }

    /// A password that nobody knows: an account without one would be open to everybody once it is unlocked.
    fn no_password(&self) -> &'static str {
        match self.to.flavour {
            Flavour::MySql => "IDENTIFIED BY RANDOM PASSWORD",
            Flavour::MariaDb => "IDENTIFIED VIA mysql_native_password USING 'invalid'",
        }
    }

    fn grants(&self, holder: &Account) -> Vec<String> {
        let rights = self
            .found
            .rights
            .iter()
            .filter(|right| right.holder == *holder);
        let (carried, not): (Vec<&Right>, Vec<&Right>) =
            rights.partition(|right| self.is_carried(right));
        let mut lines = Vec::new();
        let name = self.name_of(holder);
        // One statement for all rights on one thing; those on columns name their columns.
        let mut statements: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        for right in carried {
            let words = statements
                .entry((self.place(&right.place), right.is_grantable))
                .or_default();
            let word = match &right.place {
                Place::Column(_, column) => {
                    format!("{} ({})", right.privilege, quote_name(column))
                }
                _ => right.privilege.clone(),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        for ((place, is_grantable), words) in statements {
            let option = if is_grantable {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            lines.push(format!(
                "GRANT {} ON {place} TO {name}{option};",
                words.join(", ")
            ));
        }
        let left: Vec<&str> = not.iter().map(|right| right.privilege.as_str()).collect();
        if !left.is_empty() {
            lines.push(remark(&format!(
                "{holder}: not carried, since they concern the whole server or the target does not know them: {}",
                left.join(", ")
            )));
        }
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }

    fn is_carried(&self, right: &Right) -> bool {
        match self.to.flavour {
            Flavour::MySql => is_of_both(&right.privilege),
            Flavour::MariaDb => right.is_about_databases(),
        }
    }

    /// What a right is on, as SQL: rights on the server are narrowed to the database.
    fn place(&self, place: &Place) -> String {
        let database = quote_name(&self.found.database);
        match place {
            Place::Server | Place::Database => format!("{database}.*"),
            Place::Table(table) | Place::Column(table, _) => {
                format!("{database}.{}", quote_name(table))
            }
            Place::Routine(kind, name) => format!("{kind} {database}.{}", quote_name(name)),
        }
    }

    fn memberships(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut defaults: BTreeMap<&Account, Vec<String>> = BTreeMap::new();
        for one in &self.found.memberships {
            let (role, member) = (self.name_of(&one.role), self.name_of(&one.member));
            let option = if one.is_admin {
                " WITH ADMIN OPTION"
            } else {
                ""
            };
            lines.push(format!("GRANT {role} TO {member}{option};"));
            if one.is_default {
                defaults.entry(&one.member).or_default().push(role);
            }
        }
        for (member, roles) in defaults {
            let name = self.name_of(member);
            match (self.to.flavour, roles.as_slice()) {
                (Flavour::MySql, roles) => {
                    lines.push(format!("SET DEFAULT ROLE {} TO {name};", roles.join(", ")));
                }
                (Flavour::MariaDb, [role]) => {
                    lines.push(format!("SET DEFAULT ROLE {role} FOR {name};"));
                }
                (Flavour::MariaDb, _) => lines.push(remark(&format!(
                    "{member} has several default roles, and MariaDB knows one: make a role that holds {} and set it",
                    roles.join(", ")
                ))),
            }
        }
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }

    /// Who may stand in whose place, where the script makes both.
    fn proxies(&self) -> Vec<String> {
        let is_made = |account: &Account| {
            let mut logins = self.found.logins.iter();
            logins.any(|login| login.account == *account)
        };
        let mut lines: Vec<String> = self
            .found
            .proxies
            .iter()
            .map(|one| {
                if !is_made(&one.of) {
                    return remark(&format!(
                        "not carried: {} may stand in the place of {}, which is not made here",
                        one.holder, one.of
                    ));
                }
                let option = if one.is_grantable {
                    " WITH GRANT OPTION"
                } else {
                    ""
                };
                let (of, holder) = (self.name_of(&one.of), self.name_of(&one.holder));
                format!("GRANT PROXY ON {of} TO {holder}{option};")
            })
            .collect();
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }

    /// Accounts that programs run as and that the script does not make.
    fn definers(&self) -> Vec<String> {
        let is_made =
            |account: &Account| self.found.logins.iter().any(|one| one.account == *account);
        let missing = self
            .found
            .definers
            .iter()
            .filter(|(account, _)| !is_made(account));
        let mut lines: Vec<String> = missing
            .map(|(account, programs)| {
                remark(&format!(
                    "{account} is not made here; where the target does not have it, these run as the application's account, or as the one that writes there: {}",
                    programs.join(", ")
                ))
            })
            .collect();
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }

    fn left_out(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .found
            .left_out
            .iter()
            .map(|(account, reason)| remark(&format!("left out: {account}, {reason}")))
            .collect();
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }

    /// What lets the accounts in that were locked for the time of the move only.
    fn opening(&self, logins: &[&Login]) -> Vec<String> {
        let mut lines = vec![
            String::new(),
            remark(
                "When the target takes over (a cutover unlocks the application's accounts itself):",
            ),
        ];
        let locked_for_the_move = logins.iter().filter(|login| {
            !login.is_locked
                && (self.hash_clause(login).is_err() || self.found.can_write(&login.account))
        });
        let unlock = |login: &&Login| {
            remark(&format!(
                "ALTER USER {} ACCOUNT UNLOCK;",
                self.name_of(&login.account)
            ))
        };
        let statements: Vec<String> = locked_for_the_move.map(unlock).collect();
        if statements.is_empty() {
            return Vec::new();
        }
        lines.extend(statements);
        lines
    }

    /// An account or role as the target writes it.
    fn name_of(&self, account: &Account) -> String {
        let user = quote_text(&account.user);
        let is_role = self
            .found
            .logins
            .iter()
            .any(|login| login.is_role && login.account == *account);
        match (is_role, self.to.flavour, account.host.as_str()) {
            (true, Flavour::MariaDb, _) => user,
            (true, Flavour::MySql, "") => format!("{user}@'%'"),
            (_, _, host) => format!("{user}@{}", quote_text(host)),
        }
    }
}

/// A line of remark: whatever a name holds, it stays one.
fn remark(text: &str) -> String {
    let flat = text.replace(|c: char| c.is_control(), " ");
    format!("-- {flat}")
}
