//! The estate as a picture: entries, what computes, what holds data, from left to right, and what is known to reach what.
//!
//! Servers with the same labels are one box. A column holds so many boxes and says how many more there are; the tables below name each.

use std::collections::{BTreeMap, BTreeSet};

use reberth_model::estate::{Attributes, Estate, Resource};

use super::element::{Html, element, paragraph};
use super::svg::{Anchor, curve, cut, drawing, label, rect};
use crate::queues;
use crate::report::words;

const COLUMNS: [(&str, f64); 4] = [
    ("Entries", 0.0),
    ("Compute", 250.0),
    ("Databases, caches, queues", 500.0),
    ("Files and objects", 750.0),
];
const BOX_WIDTH: f64 = 190.0;
const BOX_HEIGHT: f64 = 40.0;
const BOX_STEP: f64 = 50.0;
const TOP: f64 = 34.0;
const WIDTH: f64 = 942.0;
/// Boxes in a column at the most.
const BOXES_MAX: usize = 14;
/// Letters that fit into a box.
const LETTERS: usize = 25;

/// One box: resources of one kind that are drawn as one.
struct Node {
    column: usize,
    name: String,
    kind: String,
    count: usize,
}

/// The picture, with the words that explain it.
pub(super) fn picture(estate: &Estate) -> Vec<Html> {
    let (nodes, node_of) = nodes(estate);
    if nodes.is_empty() {
        return vec![paragraph("There is nothing to draw.")];
    }
    let places = places(&nodes);
    let mut shapes = links(estate, &node_of, &places);
    for (index, (title, x)) in COLUMNS.iter().enumerate() {
        shapes.push(label("column", (*x, 16.0), Anchor::Start, title));
        shapes.extend(more(&nodes, index, *x));
    }
    for (node, place) in nodes.iter().zip(&places) {
        if let Some(place) = place {
            shapes.extend(draw(node, *place));
        }
    }
    let rows = (0..COLUMNS.len())
        .map(|column| boxes_in(&nodes, column).min(BOXES_MAX + 1))
        .max();
    let height = TOP + rows.unwrap_or(1) as f64 * BOX_STEP;
    let title = "What reaches what: entries, compute, data, files";
    let drawing = drawing("picture", title, (WIDTH, height), shapes);
    vec![
        paragraph(
            "Servers with the same labels are one box. A line is a relation that the provider's API or a setting shows; what talks without showing there is not drawn.",
        ),
        element("div", "wide", [drawing]),
    ]
}

/// Column and key of a resource that is drawn; the key names its box.
fn box_of(resource: &Resource) -> Option<(usize, String)> {
    let own = |column| Some((column, resource.name.clone()));
    match &resource.attributes {
        Attributes::LoadBalancer(_) | Attributes::Cdn(_) => own(0),
        Attributes::Domain(_) => own(0),
        Attributes::Server(server) => {
            let labels: Vec<&str> = server.tags.iter().map(String::as_str).collect();
            let key = if labels.is_empty() {
                resource.name.clone()
            } else {
                labels.join(", ")
            };
            Some((1, key))
        }
        Attributes::App(_) => own(1),
        Attributes::Database(_) | Attributes::Cache(_) | Attributes::DatabaseReplica(_) => own(2),
        Attributes::Volume(_) | Attributes::Bucket(_) => own(3),
        Attributes::Other(_) if queues::is_queue(resource) => own(2),
        _ => None,
    }
}

/// The boxes in the order of the estate, and the box of each resource by its id.
fn nodes(estate: &Estate) -> (Vec<Node>, BTreeMap<&str, usize>) {
    let mut nodes: Vec<Node> = Vec::new();
    let mut by_key: BTreeMap<(usize, String, String), usize> = BTreeMap::new();
    let mut node_of = BTreeMap::new();
    for resource in &estate.resources {
        let Some((column, name)) = box_of(resource) else {
            continue;
        };
        let kind = words::kind(resource.attributes.kind());
        let index = *by_key
            .entry((column, kind.clone(), name.clone()))
            .or_insert_with(|| {
                nodes.push(Node {
                    column,
                    name,
                    kind,
                    count: 0,
                });
                nodes.len() - 1
            });
        nodes[index].count += 1;
        node_of.insert(resource.id.as_str(), index);
    }
    node_of.extend(addons(estate, &nodes));
    (nodes, node_of)
}

/// A managed database of a platform is an add-on of the same name, which is what applications are tied to.
fn addons<'a>(estate: &'a Estate, nodes: &[Node]) -> Vec<(&'a str, usize)> {
    let data: BTreeMap<&str, usize> = nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.column == 2)
        .map(|(index, node)| (node.name.as_str(), index))
        .collect();
    estate
        .addons()
        .filter_map(|(addon, _)| Some((addon.id.as_str(), *data.get(addon.name.as_str())?)))
        .collect()
}

fn boxes_in(nodes: &[Node], column: usize) -> usize {
    nodes.iter().filter(|node| node.column == column).count()
}

/// The top left corner of each box; `None` for what is beyond the last.
fn places(nodes: &[Node]) -> Vec<Option<(f64, f64)>> {
    let mut filled = [0_usize; COLUMNS.len()];
    nodes
        .iter()
        .map(|node| {
            let row = filled[node.column];
            filled[node.column] += 1;
            let y = TOP + row as f64 * BOX_STEP;
            (row < BOXES_MAX).then_some((COLUMNS[node.column].1, y))
        })
        .collect()
}

fn links(
    estate: &Estate,
    node_of: &BTreeMap<&str, usize>,
    places: &[Option<(f64, f64)>],
) -> Vec<Html> {
    let mut drawn = BTreeSet::new();
    let mut shapes = Vec::new();
    for edge in &estate.edges {
        let ends = (
            node_of.get(edge.from.as_str()),
            node_of.get(edge.to.as_str()),
        );
        let (Some(&one), Some(&other)) = ends else {
            continue;
        };
        let (Some(one_at), Some(other_at)) = (places[one], places[other]) else {
            continue;
        };
        let (left, right) = if one_at.0 <= other_at.0 {
            (one_at, other_at)
        } else {
            (other_at, one_at)
        };
        if left.0 < right.0 && drawn.insert((one.min(other), one.max(other))) {
            let middle = BOX_HEIGHT / 2.0;
            shapes.push(curve(
                "link",
                (left.0 + BOX_WIDTH, left.1 + middle),
                (right.0, right.1 + middle),
            ));
        }
    }
    shapes
}

fn draw(node: &Node, at: (f64, f64)) -> [Html; 3] {
    let (x, y) = at;
    let class = match node.column {
        0 => "box entry",
        1 => "box compute",
        2 => "box data",
        _ => "box files",
    };
    let kind = if node.count > 1 {
        format!("{} × {}", node.count, node.kind)
    } else {
        node.kind.clone()
    };
    [
        rect(class, at, (BOX_WIDTH, BOX_HEIGHT)),
        label(
            "boxname",
            (x + 9.0, y + 17.0),
            Anchor::Start,
            &cut(&node.name, LETTERS),
        ),
        label(
            "boxkind",
            (x + 9.0, y + 32.0),
            Anchor::Start,
            &cut(&kind, LETTERS + 3),
        ),
    ]
}

fn more(nodes: &[Node], column: usize, x: f64) -> Option<Html> {
    let hidden = boxes_in(nodes, column).saturating_sub(BOXES_MAX);
    (hidden > 0).then(|| {
        let y = TOP + BOXES_MAX as f64 * BOX_STEP + 18.0;
        label(
            "boxkind",
            (x + 9.0, y),
            Anchor::Start,
            &format!("and {hidden} more"),
        )
    })
}
