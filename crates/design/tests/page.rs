//! The page: whole, escaped, and the same for the same design.

use reberth_design::{design, page};

use crate::estates::{policy, small};

#[test]
fn the_page_shows_every_subnet_decision_and_block() {
    let made = design(&small(), &policy(), "", None).unwrap();
    let html = page(&made, &[]);
    let network = &made.network;
    let blocks = network.subnets.iter().map(|one| &one.cidr);
    let reserved = network.reserved.iter().map(|one| &one.cidr);
    let decisions = made.decisions.iter().map(|one| &one.id);
    for text in blocks.chain(reserved).chain(decisions) {
        assert!(html.contains(text.as_str()), "{text} is not on the page");
    }
    assert_eq!(html, page(&made, &[]));
    for word in ["src=", "http://", "https://", "<script", "@import"] {
        assert!(!html.contains(word), "the page loads something: {word}");
    }
}

#[test]
fn names_of_the_source_cannot_become_markup() {
    let mut made = design(&small(), &policy(), "", None).unwrap();
    let hostile = "\"><script>alert(1)</script>";
    made.services[0].key = hostile.to_owned();
    made.databases[0].key = hostile.to_owned();
    made.not_carried[0].name = hostile.to_owned();
    made.edge.zones[0].switched[0].source.name = hostile.to_owned();
    let html = page(&made, &[]);
    assert!(!html.contains("<script"), "a name became markup");
    assert!(html.contains("&lt;script&gt;"));
}
