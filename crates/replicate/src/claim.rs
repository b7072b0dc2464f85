//! Who may take a stream over: told apart by a token, in every engine alike.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::ReplicateError;

/// What stands in the stream's row: the epoch, and the token of whoever raised it last.
pub(crate) type Standing = (u64, Option<String>);

/// The claim of one run of a stream, kept for as long as it lives: it tells an epoch that the run raised itself from one that a successor raised.
///
/// A server that dies, or a wire that breaks, while an epoch is being raised may have raised it and never said so. So the number alone does not
/// tell who holds the stream; the token does, which is written with the number in one statement. A run may raise the epoch if it raised it last,
/// or if nobody has since it came. Every other standing was left by a successor, even under a number that was seen before, as after a stop
/// for good and a new start.
#[derive(Debug)]
pub struct Claim {
    token: String,
    /// What stood there when this run came.
    found: Option<Standing>,
    /// The epoch that it raised last and was told of; 0 before that.
    held: u64,
}

impl Claim {
    /// A claim that nobody has made before.
    pub fn new() -> Result<Claim, ReplicateError> {
        let mut token = [0; 16];
        SystemRandom::new().fill(&mut token).map_err(|_| {
            ReplicateError::Blocked(vec!["this machine gives no random numbers".to_owned()])
        })?;
        Ok(Claim {
            token: token.iter().map(|byte| format!("{byte:02x}")).collect(),
            found: None,
            held: 0,
        })
    }

    /// Whether nobody has come after the run that holds this claim.
    pub(crate) fn holds(&mut self, standing: &Standing) -> bool {
        standing.1.as_ref() == Some(&self.token)
            || self.found.get_or_insert_with(|| standing.clone()) == standing
    }

    /// What the run writes with an epoch that it raises.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The run was told that it has raised that epoch.
    pub(crate) fn hold(&mut self, epoch: u64) {
        self.held = epoch;
    }

    /// The epoch that the run raised last and was told of; 0 before that.
    pub(crate) fn held_epoch(&self) -> u64 {
        self.held
    }
}
