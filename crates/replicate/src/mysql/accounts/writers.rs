//! Who can write to the database: such accounts are made locked until the target opens.

use super::{Account, Found};

impl Found {
    /// Whether an account can write to the database, by a right of its own, by any role, or in the place of another one.
    pub(super) fn can_write(&self, account: &Account) -> bool {
        let mut others = self.proxies.iter();
        self.can_write_itself(account)
            || others.any(|one| {
                one.holder == *account && (one.of.user.is_empty() || self.can_write_itself(&one.of))
            })
    }

    fn can_write_itself(&self, account: &Account) -> bool {
        let mut memberships = self.memberships.iter();
        self.has_writing_right(account)
            || memberships.any(|one| one.member == *account && self.can_write_as(&one.role))
    }

    /// The same of a role; roles of roles count as able, whatever they hold.
    fn can_write_as(&self, role: &Account) -> bool {
        self.has_writing_right(role) || self.memberships.iter().any(|one| one.member == *role)
    }

    fn has_writing_right(&self, holder: &Account) -> bool {
        let mut rights = self.rights.iter();
        rights.any(|right| right.holder == *holder && right.is_writing())
    }
}
