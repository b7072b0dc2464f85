//! Finds a free block: a pure function of the wanted size and of what is denied.

use ipnet::Ipv4Net;

use super::denied::DeniedBlock;
use crate::error::DesignError;

/// Private ranges, in the order they are tried.
const RANGES: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/// Blocks in the way that a refusal names.
const BLOCKERS_NAMED: usize = 8;

/// The first free block of the size, and beside it the sibling that makes up one prefix with it when that
/// is free too. A block with a free sibling is preferred over one without.
pub(super) fn allocate(
    prefix: u8,
    denied: &[DeniedBlock],
) -> Result<(Ipv4Net, Option<Ipv4Net>), DesignError> {
    if let Some(pair) = first_free(prefix - 1, denied) {
        let mut halves = pair.subnets(prefix).into_iter().flatten();
        if let Some(block) = halves.next() {
            return Ok((block, halves.next()));
        }
    }
    match first_free(prefix, denied) {
        Some(block) => Ok((block, None)),
        None => Err(DesignError::NoFreeBlock {
            prefix,
            blockers: blockers(denied),
        }),
    }
}

fn first_free(prefix: u8, denied: &[DeniedBlock]) -> Option<Ipv4Net> {
    RANGES
        .iter()
        .filter_map(|range| range.parse::<Ipv4Net>().ok())
        .filter_map(|range| range.subnets(prefix).ok())
        .flatten()
        .find(|candidate| !denied.iter().any(|denied| denied.overlaps(*candidate)))
}

/// The largest denied blocks in the private ranges; those inside a larger one are not named.
fn blockers(denied: &[DeniedBlock]) -> Vec<String> {
    let in_private_range = |blocker: &&DeniedBlock| {
        RANGES
            .iter()
            .filter_map(|range| range.parse().ok())
            .any(|range| blocker.overlaps(range))
    };
    let is_largest = |blocker: &&DeniedBlock| {
        !denied
            .iter()
            .any(|other| other.block != blocker.block && other.block.contains(&blocker.block))
    };
    let mut in_the_way: Vec<&DeniedBlock> = denied
        .iter()
        .filter(in_private_range)
        .filter(is_largest)
        .collect();
    in_the_way.sort_by_key(|blocker| (blocker.block.prefix_len(), blocker.block.network()));
    in_the_way
        .iter()
        .take(BLOCKERS_NAMED)
        .map(ToString::to_string)
        .collect()
}
