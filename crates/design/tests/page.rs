//! The page: whole, escaped, and the same for the same design.

use reberth_design::{design, page};

use reberth_model::design::ArrivalWay;

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

#[test]
fn the_page_tells_how_each_service_arrives_and_where_it_is_written() {
    let mut made = design(&small(), &policy(), "", None).unwrap();
    assert!(made.services.len() > 1 && !made.files.is_empty());
    made.services[0].arrival.way = ArrivalWay::ApplicationMigration;
    made.services[1].arrival.way = ArrivalWay::PlainImage;
    let html = page(&made, &[]);
    let live = format!("infra/live/{}", made.target.environment);
    for path in ["/90-migration/servers.tf", "/40-apps", ""] {
        assert!(
            html.contains(&format!("<code>{live}{path}</code>")),
            "{path}"
        );
    }
    // The first of them makes the bucket for all states, or stands among the accounts of an organization.
    assert!(!html.contains("first of the folders"), "{html}");
    let paths = made.files.iter().map(|one| &one.path);
    let left = made
        .services
        .iter()
        .flat_map(|one| &one.arrival.contents.left_to_people);
    for text in paths.chain(left) {
        assert!(html.contains(text.as_str()), "{text} is not on the page");
    }
    let mut many = made.not_carried[0].clone();
    for number in 0..400 {
        many.why = format!("rule tcp {number}: no open port");
        made.not_carried.push(many.clone());
    }
    let html = page(&made, &[]);
    assert_eq!(html.matches("and 399 more: no open port").count(), 1);
}
