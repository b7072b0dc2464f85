//! IPv4 blocks, and whether an address list means everybody.

/// An IPv4 block in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    first: u32,
    prefix: u8,
}

impl Block {
    /// Reads `10.0.0.0/8`; host bits are cut off. `None` when it is not an IPv4 block.
    pub(crate) fn parse(text: &str) -> Option<Block> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u8 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        Some(Block {
            first: u32::from(address) & mask(prefix),
            prefix,
        })
    }

    /// Number of fixed leading bits.
    pub(crate) fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether any address is in both.
    pub(crate) fn overlaps(self, other: Block) -> bool {
        let shorter = mask(self.prefix.min(other.prefix));
        self.first & shorter == other.first & shorter
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

/// Whether the address list lets the whole internet in. Halves and quarters of it count as well: they are how a /0 that a form refuses is written.
pub(crate) fn is_whole_internet(address: &str) -> bool {
    const WIDE_PREFIX_MAX: u8 = 2;
    let Some((address, prefix)) = address.trim().split_once('/') else {
        return matches!(address.trim(), "0.0.0.0" | "::");
    };
    let is_wide = prefix
        .parse()
        .is_ok_and(|prefix: u8| prefix <= WIDE_PREFIX_MAX);
    is_wide && address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_internet_is_known_in_every_spelling() {
        for all in [
            "0.0.0.0/0",
            "::/0",
            "0::0/0",
            " 0.0.0.0/0",
            "128.0.0.0/1",
            "0.0.0.0",
        ] {
            assert!(is_whole_internet(all), "{all}");
        }
        for some in [
            "203.0.113.0/24",
            "10.0.0.0/8",
            "2001:db8::/32",
            "",
            "all/0",
            "198.51.100.10",
        ] {
            assert!(!is_whole_internet(some), "{some}");
        }
    }

    #[test]
    fn blocks_overlap_when_one_holds_the_other() {
        let overlaps = |a, b| {
            Block::parse(a)
                .expect(a)
                .overlaps(Block::parse(b).expect(b))
        };
        assert!(overlaps("0.0.0.0/0", "203.0.113.7/32"));
        assert!(overlaps("10.1.2.3/16", "10.1.0.0/24"));
        assert!(!overlaps("10.1.0.0/16", "10.2.0.0/16"));
        for bad in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/0", "10.0.0.0/-1"] {
            assert_eq!(Block::parse(bad), None, "{bad}");
        }
    }
}
