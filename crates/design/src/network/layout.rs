//! How a network's block is cut: by tier first, so that a tier is one prefix, then into four zone slots.
//!
//! A slot's place depends on the block alone, never on how many zones are in use. A further zone therefore
//! takes the free slot of each tier and moves no existing subnet, which would destroy it.
//!
//! ```text
//! half       application tier, 4 slots
//! 1/16       data tier, 4 slots
//! 1/16       public tier, 4 slots
//! 4 x /28    attachments: interface endpoints, transit gateway
//! the rest   not allocated, more than a quarter of the block
//! ```

use ipnet::Ipv4Net;
use reberth_model::design::{ReservedBlock, Tier};

/// Zone slots in each tier.
pub(super) const SLOTS: usize = 4;
const SLOT_BITS: u8 = 2;
const APP_BITS: u8 = 1;
const OTHER_TIER_BITS: u8 = 4;
const ATTACHMENT_PREFIX: u8 = 26;
/// Sizes that can be cut: in a smaller block the public slots would have no room for load balancers.
pub(super) const PREFIXES: (u8, u8) = (16, 20);
/// Addresses that AWS keeps in every subnet.
const RESERVED_ADDRESSES: u64 = 5;

/// The cut of one block.
pub(super) struct Layout {
    app: Ipv4Net,
    data: Ipv4Net,
    public: Ipv4Net,
    attachments: Ipv4Net,
    block: Ipv4Net,
}

impl Layout {
    /// Cuts a block of /16 to /20.
    pub(super) fn of(block: Ipv4Net) -> Layout {
        let prefix = block.prefix_len();
        let tail = part(block, APP_BITS, 1);
        let app = part(block, APP_BITS, 0);
        let tier = |index| part(tail, OTHER_TIER_BITS - APP_BITS, index);
        Layout {
            app,
            data: tier(0),
            public: tier(1),
            attachments: part(
                tier(2),
                ATTACHMENT_PREFIX.saturating_sub(prefix + OTHER_TIER_BITS),
                0,
            ),
            block,
        }
    }

    /// The subnet of a tier in a zone slot.
    pub(super) fn slot(&self, tier: Tier, index: usize) -> Ipv4Net {
        part(self.tier(tier), SLOT_BITS, index)
    }

    /// What stays free while only the first `zones` slots are used, ordered by address.
    pub(super) fn reserved(&self, zones: usize) -> Vec<ReservedBlock> {
        let mut reserved = Vec::new();
        for tier in [Tier::App, Tier::Data, Tier::Public] {
            for index in zones..SLOTS {
                reserved.push(ReservedBlock {
                    cidr: self.slot(tier, index).to_string(),
                    purpose: format!(
                        "slot {} of the {} tier: a further zone",
                        index + 1,
                        tier.word()
                    ),
                });
            }
        }
        reserved.push(ReservedBlock {
            cidr: self.attachments.to_string(),
            purpose: "attachments: interface endpoints and a transit gateway, /28 in each zone"
                .to_owned(),
        });
        reserved.push(ReservedBlock {
            cidr: part(self.block, 2, 3).to_string(),
            purpose: "growth: not allocated".to_owned(),
        });
        reserved
    }

    fn tier(&self, tier: Tier) -> Ipv4Net {
        match tier {
            Tier::App => self.app,
            Tier::Data => self.data,
            Tier::Public => self.public,
        }
    }
}

/// Addresses that servers may use in the application subnet of one zone.
pub(super) fn app_slot_addresses(prefix: u8) -> u64 {
    (1 << (32 - prefix - APP_BITS - SLOT_BITS)) - RESERVED_ADDRESSES
}

/// Addresses needed in each zone when one zone is lost and every server is replaced at once.
pub(super) fn addresses_needed(servers_max: u32, zones: usize) -> u64 {
    let zones_left = zones.saturating_sub(1).max(1) as u64;
    u64::from(servers_max).div_ceil(zones_left) * 2
}

/// The `index`-th of the equal parts into which `bits` more prefix bits cut a block.
fn part(block: Ipv4Net, bits: u8, index: usize) -> Ipv4Net {
    let length = block.prefix_len() + bits;
    let offset = (index as u32) << (32 - length);
    Ipv4Net::new((u32::from(block.network()) + offset).into(), length)
        .expect("a network of /16 to /20 is cut into nothing smaller than /28")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sixteen_is_cut_as_planned() {
        let layout = Layout::of("10.20.0.0/16".parse().unwrap());
        for (tier, index, expected) in [
            (Tier::App, 0, "10.20.0.0/19"),
            (Tier::App, 3, "10.20.96.0/19"),
            (Tier::Data, 0, "10.20.128.0/22"),
            (Tier::Data, 2, "10.20.136.0/22"),
            (Tier::Public, 0, "10.20.144.0/22"),
            (Tier::Public, 3, "10.20.156.0/22"),
        ] {
            assert_eq!(layout.slot(tier, index).to_string(), expected);
        }
        assert_eq!(layout.attachments.to_string(), "10.20.160.0/26");
        assert_eq!(layout.reserved(3).last().unwrap().cidr, "10.20.192.0/18");
    }

    #[test]
    fn need_counts_the_loss_of_a_zone() {
        assert_eq!(addresses_needed(10, 3), 10);
        assert_eq!(addresses_needed(11, 2), 22);
        assert_eq!(app_slot_addresses(16), 8187);
        assert_eq!(app_slot_addresses(18), 2043);
    }
}
