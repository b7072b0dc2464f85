//! The step that makes the accounts of an organization, before everything else.

use reberth_model::design::Organization;

use super::Step;

/// What is done for the accounts, and what is left to people.
pub(super) fn step(organization: &Organization) -> Step {
    let addresses: Vec<String> = organization
        .accounts
        .iter()
        .map(|account| format!("`{}` ({})", account.key, account.email))
        .collect();
    let lines = vec![
        format!(
            "People: mailboxes that several of you read, for the root users of {}. Whoever reads one can take the account over.",
            addresses.join(", ")
        ),
        "People: one account by hand, which pays the bill and manages the organization, with a hardware key for its root user; nothing else will run in it. If the company has an \
         organization already, list it under `target.adopt` in `reberth.yaml`, design and generate again, and agree with its owners on every line of the plan."
            .to_owned(),
        format!(
            "Apply `live/org/_bootstrap` and `live/org/00-accounts` with credentials of that account. It makes {} accounts one after the other, minutes each; it fails beyond the quota of ten \
             (`L-E619E033`) until that is raised. **Accounts are not undone:** closing one takes ninety days, and its address is used up.",
            organization.accounts.len()
        ),
        "People: sign in once as the root user of each new account by `forgot password`, add a hardware key, and lock it away: the guardrails refuse everything else that a root user does."
            .to_owned(),
        "People: switch the identity centre on in that account, in the region of the application, and tie the company's directory to it.".to_owned(),
        "Apply the other roots of `live/org`. Before `20-security`: in each region in use, GuardDuty must name the security account as its administrator (`aws guardduty \
         list-organization-admin-accounts`)."
            .to_owned(),
        "All further roots are applied with the same credentials: their providers take on `OrganizationAccountAccessRole` in the account of the environment. A build machine in another account \
         gets its states by `state_users` of `_bootstrap`."
            .to_owned(),
    ];
    ("The accounts", lines)
}
