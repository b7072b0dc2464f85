//! The network as a picture: who comes in at the top, zones as columns, tiers as bands, and the ways between them.

use reberth_model::design::{Design, Front, NatPlacement, Tier};

use super::markup::escaped;

/// Width of the picture in its own units; the page scales it.
const WIDTH: usize = 980;
const FRAME_LEFT: usize = 20;
const FRAME_TOP: usize = 118;
/// Height of a tier's band.
const BAND: usize = 118;
/// Left edge of the zones' columns: what stands before it are the bands' names.
const COLUMNS_LEFT: usize = 44;
/// Room right of the columns for the ways between bands.
const MARGIN_RIGHT: usize = 176;
/// Letters that fit into one line of a band.
const LINE_LETTERS: usize = 98;

/// The picture, as SVG within the page.
pub(super) fn network(design: &Design) -> String {
    let height = FRAME_TOP + 40 + Tier::ALL.len() * (BAND + 14) + 24;
    let label = format!(
        "Network {} with {} zones and three tiers",
        design.network.cidr,
        design.network.zones.len()
    );
    let mut svg = format!(
        "<div class=\"picture\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        escaped(&label)
    );
    svg.push_str(&way_in(design));
    svg.push_str(&frame(design, height));
    for (index, tier) in Tier::ALL.into_iter().enumerate() {
        svg.push_str(&band(design, tier, band_top(index)));
    }
    svg.push_str(&ways(design));
    svg.push_str("</svg></div>\n");
    svg
}

fn band_top(index: usize) -> usize {
    FRAME_TOP + 40 + index * (BAND + 14)
}

/// Boxes of the row above the network: the distance from one to the next, and their width.
const BOX_STEP: usize = 236;
const BOX_WIDTH: usize = 196;

/// Users, names and delivery, in a row above the network.
fn way_in(design: &Design) -> String {
    let mut boxes = vec![("Users".to_owned(), "HTTPS".to_owned())];
    if !design.edge.zones.is_empty() {
        let what = counted(design.edge.zones.len(), "hosted zone");
        boxes.push(("Route 53".to_owned(), what));
    }
    let distributions = design.edge.distributions.len();
    if distributions > 0 {
        let what = format!("{}, web firewall", counted(distributions, "distribution"));
        boxes.push(("CloudFront".to_owned(), what));
    }
    if !design.buckets.is_empty() {
        let what = counted(design.buckets.len(), "bucket");
        boxes.push(("S3".to_owned(), format!("{what}, private")));
    }
    let mut svg = String::new();
    for (index, (title, what)) in boxes.iter().enumerate() {
        let left = FRAME_LEFT + index * BOX_STEP;
        svg.push_str(&format!(
            "<rect class=\"box\" x=\"{left}\" y=\"16\" width=\"{BOX_WIDTH}\" height=\"54\" rx=\"5\"/>{}{}\n",
            line(left + 14, 39, "strong", title),
            line(left + 14, 58, "small", what)
        ));
        if index > 0 {
            let from = left - (BOX_STEP - BOX_WIDTH);
            svg.push_str(&flow(&format!("M{from} 43H{}", left - 3)));
        }
    }
    svg
}

fn frame(design: &Design, height: usize) -> String {
    let title = format!("VPC {}", design.network.cidr);
    let mut svg = format!(
        "<rect class=\"frame\" x=\"{FRAME_LEFT}\" y=\"{FRAME_TOP}\" width=\"{}\" height=\"{}\" rx=\"8\"/>{}\n",
        WIDTH - 2 * FRAME_LEFT,
        height - FRAME_TOP - 8,
        line(FRAME_LEFT + 24, FRAME_TOP + 24, "strong", &title)
    );
    for (index, zone) in design.network.zones.iter().enumerate() {
        let (left, width) = column(design, index);
        let text = format!("zone {}", zone.id);
        svg.push_str(&format!(
            "<text class=\"small\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>\n",
            left + width - 12,
            FRAME_TOP + 24,
            escaped(&text)
        ));
    }
    svg
}

/// Left edge and width of a zone's column.
fn column(design: &Design, index: usize) -> (usize, usize) {
    let zones = design.network.zones.len().max(1);
    let width = (WIDTH - COLUMNS_LEFT - MARGIN_RIGHT) / zones;
    (COLUMNS_LEFT + index * width, width)
}

fn band(design: &Design, tier: Tier, top: usize) -> String {
    let mut svg = format!(
        "<rect class=\"{}\" x=\"{COLUMNS_LEFT}\" y=\"{top}\" width=\"{}\" height=\"{BAND}\" rx=\"6\"/>{}\n",
        tier.word(),
        WIDTH - COLUMNS_LEFT - MARGIN_RIGHT,
        line(COLUMNS_LEFT + 14, top + 22, "strong", tier_title(tier))
    );
    for (index, zone) in design.network.zones.iter().enumerate() {
        let (left, width) = column(design, index);
        let mut subnets = design.network.subnets.iter();
        let cidr = subnets
            .find(|subnet| subnet.tier == tier && subnet.zone == zone.key)
            .map_or("", |subnet| subnet.cidr.as_str());
        svg.push_str(&format!(
            "<rect class=\"box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"26\" rx=\"4\"/>{}\n",
            left + 12,
            top + 34,
            width - 24,
            line(left + 22, top + 51, "block", cidr)
        ));
    }
    for (index, text) in laid_out(&dwellers(design, tier)).iter().enumerate() {
        svg.push_str(&line(COLUMNS_LEFT + 14, top + 82 + index * 19, "", text));
    }
    svg
}

fn tier_title(tier: Tier) -> &'static str {
    match tier {
        Tier::Public => "Public subnets",
        Tier::App => "Application subnets, private",
        Tier::Data => "Data subnets, private, no way out",
    }
}

/// Two lines at most: one for each kind, or both for a kind that stands alone.
fn laid_out(kinds: &[String]) -> Vec<String> {
    let [alone] = kinds else {
        return kinds
            .iter()
            .take(2)
            .map(|text| cut(text, LINE_LETTERS))
            .collect();
    };
    let beginning: String = alone.chars().take(LINE_LETTERS).collect();
    match beginning.rfind(", ") {
        Some(end) if alone.chars().count() > LINE_LETTERS => {
            let (first, rest) = alone.split_at(end + 1);
            vec![first.to_owned(), cut(rest.trim_start(), LINE_LETTERS)]
        }
        _ => vec![cut(alone, LINE_LETTERS)],
    }
}

/// What lives in a tier, a line for each kind.
fn dwellers(design: &Design, tier: Tier) -> Vec<String> {
    let balancers = named(
        "load balancers",
        design.ingresses.iter().map(|one| one.key.clone()),
    );
    let is_public = design.edge.front == Front::LoadBalancers;
    let mut lines = Vec::new();
    match tier {
        Tier::Public => {
            lines.push(match design.network.nat {
                NatPlacement::PerZone => "NAT gateways, one in each zone".to_owned(),
                NatPlacement::Single => "NAT gateway, one for all zones".to_owned(),
            });
            lines.extend(balancers.filter(|_| is_public));
        }
        Tier::App => {
            let services = design.services.iter().map(|one| {
                let capacity = &one.capacity;
                match capacity.min == capacity.max {
                    true => format!("{} ×{}", one.key, capacity.min),
                    false => format!("{} ×{}–{}", one.key, capacity.min, capacity.max),
                }
            });
            lines.extend(balancers.filter(|_| !is_public));
            lines.extend(named("services", services));
            let groups = design.platform.iter().flat_map(|own| &own.node_groups);
            let groups = groups.map(|own| {
                format!(
                    "{} {}–{} × {}",
                    own.key, own.size.min, own.size.max, own.instance_type.value
                )
            });
            lines.extend(named("nodes", groups));
        }
        Tier::Data => {
            let databases = design.databases.iter().map(|one| one.key.clone());
            lines.extend(named("databases", databases));
            lines.extend(named(
                "caches",
                design.caches.iter().map(|one| one.key.clone()),
            ));
        }
    }
    lines
}

fn named(kind: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| format!("{kind}: {}", names.join(", ")))
}

/// The ways between bands, at the right.
fn ways(design: &Design) -> String {
    let right = WIDTH - MARGIN_RIGHT;
    let at = |index: usize| band_top(index) + BAND / 2;
    let mut svg = String::new();
    let (entered, what) = match design.edge.front {
        Front::Distributions => (1, "443 from CloudFront"),
        Front::LoadBalancers => (0, "443 from everywhere"),
    };
    if !design.ingresses.is_empty() {
        let x = right + 146;
        // From below the last box but that of the buckets, which load balancers do not read.
        let front = 1
            + usize::from(!design.edge.zones.is_empty())
            + usize::from(design.edge.front == Front::Distributions);
        let from = FRAME_LEFT + (front - 1) * BOX_STEP + BOX_WIDTH / 2;
        svg.push_str(&flow(&format!(
            "M{from} 70V96H{x}V{}H{}",
            at(entered),
            right + 4
        )));
        svg.push_str(&line(right + 8, at(entered) - 8, "small", what));
    }
    if !design.services.is_empty() || design.platform.is_some() {
        svg.push_str(&flow(&format!(
            "M{} {}H{}V{}H{}",
            right,
            at(1) - 34,
            right + 36,
            at(0) + 16,
            right + 4
        )));
        svg.push_str(&line(right + 42, at(0) + 28, "small", "out by NAT"));
        if !design.databases.is_empty() {
            svg.push_str(&flow(&format!(
                "M{} {}H{}V{}H{}",
                right,
                at(1) + 34,
                right + 36,
                at(2),
                right + 4
            )));
            svg.push_str(&line(right + 42, at(2) - 8, "small", &ports(design)));
        }
    }
    svg
}

/// Ports of the databases.
fn ports(design: &Design) -> String {
    let has = |engine: &str| design.databases.iter().any(|one| one.engine == engine);
    let ports = [("mysql", "3306"), ("postgres", "5432")];
    let ports = ports.iter().filter(|(engine, _)| has(engine));
    let ports: Vec<&str> = ports.map(|(_, port)| *port).collect();
    format!("{}, TLS", ports.join(", "))
}

fn flow(path: &str) -> String {
    format!("<path class=\"flow\" d=\"{path}\"/>\n")
}

fn line(x: usize, y: usize, class: &str, text: &str) -> String {
    format!(
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>",
        escaped(text)
    )
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The beginning of a text that is longer than its place.
fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(letters - 1).collect();
    format!("{}…", beginning.trim_end_matches([' ', ',']))
}
