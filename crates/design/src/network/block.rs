//! Which block the network has: that of the previous design, the policy's, or the first that is free.

use ipnet::Ipv4Net;
use reberth_model::design::Network;

use super::denied::DeniedBlock;
use super::{allocation, layout};
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const ID: &str = "network.cidr";
/// The same for a new block and a kept one: a design that changes nothing is the previous design.
const WHY: &str = "it was the first block of its size that overlapped no network in use, with a free sibling beside it where there was one; a network's block cannot be \
     changed once it exists, so later designs keep it";

/// The network's block.
pub(super) struct Chosen {
    pub(super) block: Ipv4Net,
    /// Kept free beside a newly allocated block.
    pub(super) sibling: Option<Ipv4Net>,
    pub(super) why: String,
}

/// The block of the previous design, of the policy, or the first that is free.
pub(super) fn choose(
    earlier: Option<&Network>,
    prefix: u8,
    denied: &[DeniedBlock],
    decisions: &mut Decisions<'_>,
) -> Result<Chosen, DesignError> {
    let kept = earlier.map(parse_kept).transpose()?;
    // What the policy sets aside is the same for the first design and for those that follow it. Where the policy gives a block, the lack of a
    // free one is no reason to refuse.
    let own = match kept {
        Some(block) if !decisions.is_overridden(ID) => Ok((block, None)),
        _ => allocation::allocate(prefix, denied),
    };
    let value = own
        .as_ref()
        .map_or_else(|_| "none".to_owned(), |(block, _)| block.to_string());
    let (shortest, longest) = layout::PREFIXES;
    let choice = decisions.decide(&Question {
        id: ID,
        value: &value,
        alternative: "a block of the person's choice",
        why: WHY,
        may_be: Values::Block(shortest, longest),
    })?;
    if choice.value == value {
        let (block, sibling) = own?;
        return Ok(Chosen {
            block: given(block, kept, denied)?,
            sibling,
            why: choice.why,
        });
    }
    let wanted: Ipv4Net = choice.value.parse().map_err(|_| DesignError::BadBlock {
        place: "the override of network.cidr".to_owned(),
        text: choice.value.clone(),
    })?;
    Ok(Chosen {
        block: given(wanted.trunc(), kept, denied)?,
        sibling: None,
        why: choice.why,
    })
}

/// The policy's block, unless the previous design has another.
fn given(
    wanted: Ipv4Net,
    kept: Option<Ipv4Net>,
    denied: &[DeniedBlock],
) -> Result<Ipv4Net, DesignError> {
    match kept {
        Some(network) if network != wanted => Err(DesignError::NetworkMoves {
            network: network.to_string(),
            wanted: wanted.to_string(),
        }),
        _ => free(wanted, denied),
    }
}

fn parse_kept(network: &Network) -> Result<Ipv4Net, DesignError> {
    let (shortest, longest) = layout::PREFIXES;
    network
        .cidr
        .parse::<Ipv4Net>()
        .ok()
        .filter(|block| (shortest..=longest).contains(&block.prefix_len()))
        .ok_or_else(|| DesignError::BadBlock {
            place: "network.cidr of the previous design".to_owned(),
            text: network.cidr.clone(),
        })
}

fn free(block: Ipv4Net, denied: &[DeniedBlock]) -> Result<Ipv4Net, DesignError> {
    match denied.iter().find(|denied| denied.overlaps(block)) {
        Some(blocker) => Err(DesignError::NetworkTaken {
            network: block.to_string(),
            blocker: blocker.to_string(),
        }),
        None => Ok(block),
    }
}
