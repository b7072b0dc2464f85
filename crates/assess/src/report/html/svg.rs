//! Drawings in SVG that can only be built escaped. Every number and class is ours; every text goes through [`text`].

use super::element::{Html, text};

/// Where a text stands by its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    End,
}

/// A drawing of that size in user units, scaled to the width of the page, with a title for who cannot see it.
pub(super) fn drawing(
    class: &'static str,
    title: &str,
    size: (f64, f64),
    shapes: Vec<Html>,
) -> Html {
    let (width, height) = size;
    let inner: String = shapes.iter().map(Html::to_string).collect();
    Html::of_svg(format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\"><title>{}</title>{inner}</svg>",
        text(title)
    ))
}

/// A rectangle.
pub(super) fn rect(class: &'static str, at: (f64, f64), size: (f64, f64)) -> Html {
    let ((x, y), (width, height)) = (at, size);
    Html::of_svg(format!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"2\"/>",
        width.max(0.0)
    ))
}

/// A line of text.
pub(super) fn label(class: &'static str, at: (f64, f64), anchor: Anchor, words: &str) -> Html {
    let (x, y) = at;
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::End => "end",
    };
    Html::of_svg(format!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        text(words)
    ))
}

/// A curve between two points, level at both ends.
pub(super) fn curve(class: &'static str, from: (f64, f64), to: (f64, f64)) -> Html {
    let middle = (from.0 + to.0) / 2.0;
    Html::of_svg(format!(
        "<path class=\"{class}\" d=\"M{:.1} {:.1} C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}\"/>",
        from.0, from.1, from.1, to.1, to.0, to.1
    ))
}

/// A straight line.
pub(super) fn line(class: &'static str, from: (f64, f64), to: (f64, f64)) -> Html {
    Html::of_svg(format!(
        "<path class=\"{class}\" d=\"M{:.1} {:.1} L{:.1} {:.1}\"/>",
        from.0, from.1, to.0, to.1
    ))
}

/// `words` cut to so many characters, with a mark when something is missing.
pub(super) fn cut(words: &str, characters: usize) -> String {
    if words.chars().count() <= characters {
        return words.to_owned();
    }
    let kept: String = words.chars().take(characters.saturating_sub(1)).collect();
    format!("{kept}…")
}
