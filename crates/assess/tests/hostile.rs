//! Names from outside are text in every form of the report: nothing runs, no table breaks, no line is forged.

use reberth_assess::{estate_csv, html, markdown, scope_of_work_html, scope_of_work_markdown};
use reberth_model::assessment::Assessment;
use reberth_model::estate::{Attributes, Estate};

use crate::estates::{edtech, judge};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'|`[x](javascript:alert(1))![y](http://z)\r\n# forged\n| a | b |\u{202E}\u{1b}[2J</title></style></svg><script>";

fn hostile() -> Estate {
    let mut estate = edtech();
    for resource in &mut estate.resources {
        resource.name = format!("{}{HOSTILE}", resource.name);
        if let Attributes::Server(server) = &mut resource.attributes {
            server.tags.push(HOSTILE.to_owned());
            server.size = HOSTILE.to_owned();
            server.operating_system = Some(HOSTILE.to_owned());
        }
        if let Attributes::Database(database) = &mut resource.attributes {
            database.engine = format!("mysql{HOSTILE}");
        }
    }
    estate.account = Some(HOSTILE.to_owned());
    estate
}

fn forms(assessment: &Assessment, estate: &Estate) -> [(&'static str, String); 5] {
    [
        ("index.html", html(assessment, estate)),
        ("scope-of-work.html", scope_of_work_html(assessment, estate)),
        ("assessment.md", markdown(assessment, estate)),
        (
            "scope-of-work.md",
            scope_of_work_markdown(assessment, estate),
        ),
        ("estate.csv", estate_csv(estate)),
    ]
}

#[test]
fn nothing_runs_turns_or_moves() {
    let estate = hostile();
    let assessment = judge(&estate);
    for (name, text) in forms(&assessment, &estate) {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202E}'),
            "{name}"
        );
        if name.ends_with(".csv") {
            continue;
        }
        for markup in ["<img", "<script", "</svg><script", "</style></svg>"] {
            assert!(!text.contains(markup), "{markup} in {name}");
        }
    }
}

#[test]
fn no_line_of_markdown_is_forged_and_no_table_breaks() {
    let estate = hostile();
    let assessment = judge(&estate);
    for (name, text) in forms(&assessment, &estate) {
        if !name.ends_with(".md") {
            continue;
        }
        assert!(
            !text.contains("\n# forged") && !text.contains("\r"),
            "{name}"
        );
        assert!(
            !text.contains("[x](") && !text.contains("![y]("),
            "a link in {name}"
        );
        let mut width = 0;
        for line in text.lines() {
            let bars = line
                .replace("\\\\", "")
                .replace("\\|", "")
                .matches('|')
                .count();
            let in_table = line.starts_with('|');
            assert!(width == 0 || !in_table || bars == width, "{name}: {line}");
            width = if in_table { bars } else { 0 };
        }
    }
}

#[test]
fn the_table_of_the_estate_has_one_line_for_each_resource() {
    let estate = hostile();
    let csv = estate_csv(&estate);
    assert_eq!(csv.matches("\r\n").count(), estate.resources.len() + 1);
    for line in csv.lines() {
        assert_eq!(cells(line), 9, "{line}");
    }
}

/// Number of quoted cells of a line, counted as a spreadsheet reads them.
fn cells(line: &str) -> usize {
    let mut quoted = false;
    let commas = line.chars().filter(|c| {
        quoted ^= *c == '"';
        *c == ',' && !quoted
    });
    commas.count() + 1
}

#[test]
fn the_pages_stand_alone_and_say_the_same_twice() {
    let estate = edtech();
    let assessment = judge(&estate);
    let twice = forms(&judge(&edtech()), &estate);
    for ((name, text), (_, again)) in forms(&assessment, &estate).into_iter().zip(twice) {
        assert_eq!(text, again, "{name}");
        if name.ends_with(".html") {
            for outside in ["src=", "href=\"http", "@import", "url(", "<script", "<link"] {
                assert!(!text.contains(outside), "{outside} in {name}");
            }
            assert!(
                text.starts_with("<!doctype html>") && text.contains("prefers-color-scheme: dark"),
                "{name}"
            );
        }
    }
}

#[test]
fn the_scope_of_work_names_what_moves_when_and_when_it_is_accepted() {
    let estate = edtech();
    let text = scope_of_work_markdown(&judge(&estate), &estate);
    for expected in [
        "## What moves",
        "lms-core-mysql",
        "copy, then the log of changes",
        "## Timeline",
        "day 1 to",
        "## Who does what",
        "## When it is accepted",
        "## What is risked",
        "## Signed",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn the_first_screen_answers_who_decides_about_money() {
    let estate = edtech();
    let assessment = judge(&estate);
    let page = html(&assessment, &estate);
    let first = page.split("<h3").next().expect("the beginning");
    for expected in [
        "a month at the target",
        "more each month",
        "blockers to remove first",
        "once nothing blocks",
        // The source never tells its traffic, so neither sum is whole.
        "The bill rises by about",
        "All of this is likely; ",
        "more each month, likely; ",
        " USD (likely; ",
    ] {
        assert!(first.contains(expected), "{expected}");
    }
    assert!(!first.contains("at least") && !first.contains("at most"));
    // A card has no room for more than a sum: seen cut off at the width of a desk.
    let figures = first.split("class=\"figure\">").skip(1);
    let mut figures = figures.map(|rest| rest.split('<').next().unwrap_or_default());
    assert!(figures.all(|figure| figure.chars().count() <= "1,234,567 USD".len()));
    assert!(page.contains("class=\"picture\"") && page.matches("class=\"chart\"").count() == 2);
}
