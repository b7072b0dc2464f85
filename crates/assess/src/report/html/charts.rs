//! The bill and the pillars as bars. Each number stands beside its bar, so that nothing hangs on colour or on the eye.

use reberth_model::assessment::{Assessment, CheckResult, CostLine, Side, Total};
use reberth_model::money::Usd;

use super::element::Html;
use super::svg::{Anchor, drawing, label, line, rect};
use crate::report::words;

const WIDTH: f64 = 760.0;
const BAR_HEIGHT: f64 = 22.0;
/// Where bars begin, behind the words.
const BAR_LEFT: f64 = 150.0;
/// Room for the number behind a bar.
const BAR_RIGHT: f64 = 130.0;

/// What a line is paid for, by the words of its item; the first that fits.
const GROUPS: [(&str, &str, &[&str]); 5] = [
    (
        "Storage",
        "part storage",
        &[
            "EBS",
            "S3",
            "gp3",
            "Volume",
            "Object storage",
            "snapshot",
            "backups",
            "Backups",
        ],
    ),
    (
        "Databases",
        "part databases",
        &[
            "RDS",
            "ElastiCache",
            "Database",
            "Read-only copy",
            "database",
        ],
    ),
    (
        "Servers and processes",
        "part servers",
        &["EC2", "EKS", "Server", "process", "Fargate"],
    ),
    (
        "Network and traffic",
        "part network",
        &[
            "NAT",
            "Load",
            "Data ",
            "IPv4",
            "CloudFront",
            "Route 53",
            "address",
            "traffic",
        ],
    ),
    ("Other services", "part other", &[""]),
];

fn group(line: &CostLine) -> usize {
    let fits = |words: &[&str]| words.iter().any(|word| line.item.contains(word));
    GROUPS
        .iter()
        .position(|(_, _, words)| fits(words))
        .unwrap_or(GROUPS.len() - 1)
}

/// Both bills, each cut into what it is paid for, with the range of the target.
pub(super) fn bills(assessment: &Assessment) -> Html {
    let sides = [
        ("Now", Side::Source, &assessment.totals.source),
        ("At the target", Side::Target, &assessment.totals.target),
    ];
    let most = sides
        .iter()
        .map(|(_, _, total)| total.high.as_f64())
        .fold(1.0, f64::max);
    let scale = (WIDTH - BAR_LEFT - BAR_RIGHT) / most;
    let mut shapes = Vec::new();
    for (row, (name, side, total)) in (0_u8..).zip(sides) {
        let top = 8.0 + f64::from(row) * 52.0;
        shapes.extend(bar(assessment, (name, side, total), top, scale));
    }
    shapes.extend(legend(assessment, 122.0));
    let title = format!(
        "Monthly bill: now {} USD, at the target {} USD",
        words::whole(assessment.totals.source.likely),
        words::whole(assessment.totals.target.likely)
    );
    drawing("chart", &title, (WIDTH, 206.0), shapes)
}

fn by_group(assessment: &Assessment, side: Side) -> [Usd; GROUPS.len()] {
    let mut sums = [Usd::ZERO; GROUPS.len()];
    for line in assessment.costs.iter().filter(|line| line.side == side) {
        let group = group(line);
        sums[group] = sums[group] + line.likely.unwrap_or(Usd::ZERO);
    }
    sums
}

fn bar(assessment: &Assessment, bill: (&str, Side, &Total), top: f64, scale: f64) -> Vec<Html> {
    let (name, side, total) = bill;
    let mut shapes = vec![label(
        "name",
        (BAR_LEFT - 12.0, top + 16.0),
        Anchor::End,
        name,
    )];
    let mut left = BAR_LEFT;
    for ((_, class, _), sum) in GROUPS.iter().zip(by_group(assessment, side)) {
        let width = sum.as_f64() * scale;
        shapes.push(rect(class, (left, top), (width, BAR_HEIGHT)));
        left += width;
    }
    let range_at = top + BAR_HEIGHT + 7.0;
    let (low, high) = (total.low.as_f64() * scale, total.high.as_f64() * scale);
    if total.low < total.high {
        shapes.push(line(
            "range",
            (BAR_LEFT + low, range_at),
            (BAR_LEFT + high, range_at),
        ));
        for end in [low, high] {
            shapes.push(line(
                "range",
                (BAR_LEFT + end, range_at - 3.0),
                (BAR_LEFT + end, range_at + 3.0),
            ));
        }
    }
    let number = format!("{} USD", words::whole(total.likely));
    let number_at = left.max(BAR_LEFT) + 8.0;
    shapes.push(label(
        "number",
        (number_at, top + 16.0),
        Anchor::Start,
        &number,
    ));
    shapes
}

/// Each group that costs something, with both its sums.
fn legend(assessment: &Assessment, top: f64) -> Vec<Html> {
    let sums = [
        by_group(assessment, Side::Source),
        by_group(assessment, Side::Target),
    ];
    let mut shapes = Vec::new();
    let is_paid = |index: &usize| sums.iter().any(|side| side[*index] != Usd::ZERO);
    let paid = (0..GROUPS.len()).filter(is_paid);
    for (place, group) in (0_u8..).zip(paid) {
        let (name, class, _) = GROUPS[group];
        let column = f64::from(place % 2) * (WIDTH / 2.0);
        let y = top + f64::from(place / 2) * 26.0;
        let [now, then] = sums.each_ref().map(|side| words::whole(side[group]));
        shapes.push(rect(class, (column, y), (13.0, 13.0)));
        let words = format!("{name}: {now} now, {then} then");
        shapes.push(label(
            "name",
            (column + 20.0, y + 12.0),
            Anchor::Start,
            &words,
        ));
    }
    shapes
}

/// Checks of each pillar: what fails, what is open, what passes.
pub(super) fn pillars(assessment: &Assessment) -> Html {
    let counts = |pillar: &str| {
        let of = |result| {
            let checks = assessment.checks.iter();
            checks
                .filter(|check| check.pillar == pillar && check.result == result)
                .count()
        };
        [
            ("part fail", of(CheckResult::Fail)),
            ("part waived", of(CheckResult::Waived)),
            ("part unknown", of(CheckResult::Unknown)),
            ("part pass", of(CheckResult::Pass)),
        ]
    };
    let sum = |counts: &[(&str, usize)]| counts.iter().map(|(_, count)| count).sum::<usize>();
    let most = words::PILLARS
        .iter()
        .map(|(pillar, _)| sum(&counts(pillar)))
        .max()
        .unwrap_or(1)
        .max(1);
    let scale = (WIDTH - 190.0 - 250.0) / most as f64;
    let mut shapes = Vec::new();
    for (row, (pillar, title)) in (0_u8..).zip(words::PILLARS) {
        let top = f64::from(row) * 32.0 + 4.0;
        let counts = counts(pillar);
        shapes.push(label("name", (178.0, top + 16.0), Anchor::End, title));
        let mut left = 190.0;
        for (class, count) in counts {
            let width = count as f64 * scale;
            shapes.push(rect(class, (left, top), (width, BAR_HEIGHT)));
            left += width;
        }
        let [(_, fail), (_, waived), (_, open), (_, pass)] = counts;
        let waived = if waived > 0 {
            format!(" · ◇ {waived} waived")
        } else {
            String::new()
        };
        let words = format!("✕ {fail} fail{waived} · ? {open} open · ✓ {pass} pass");
        shapes.push(label(
            "number",
            (left + 8.0, top + 16.0),
            Anchor::Start,
            &words,
        ));
    }
    drawing(
        "chart",
        "Checks by pillar and result",
        (WIDTH, 200.0),
        shapes,
    )
}
