use reberth_assess::{html, markdown};

use crate::estates::{edtech, judge};

#[test]
fn the_page_stands_alone() {
    let estate = edtech();
    let page = html(&judge(&estate), &estate);
    for outside in [
        "src=",
        "href=\"http",
        "href=\"//",
        "@import",
        "url(",
        "<script",
        "<link",
    ] {
        assert!(!page.contains(outside), "{outside} in the page");
    }
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
}

#[test]
fn names_from_the_estate_are_text_and_nothing_else() {
    let mut estate = edtech();
    for resource in &mut estate.resources {
        resource.name = format!("<script>alert('{}')</script>|`&\"", resource.name);
    }
    estate.account = Some("<b>x</b>".to_owned());
    let assessment = judge(&estate);
    let page = html(&assessment, &estate);
    assert!(
        !page.contains("<script") && !page.contains("<b>x"),
        "markup of the estate reached the page"
    );
    assert!(page.contains("&lt;script&gt;"));
    let text = markdown(&assessment, &estate);
    assert!(
        !text.contains("<script"),
        "markup of the estate reached the text"
    );
    let mut width = 0;
    for line in text.lines() {
        let bars = line.replace("\\|", "").matches('|').count();
        let in_table = line.starts_with('|');
        assert!(
            width == 0 || !in_table || bars == width,
            "a name broke a table: {line}"
        );
        width = if in_table { bars } else { 0 };
    }
}

#[test]
fn both_forms_tell_the_same_findings_sums_and_gaps() {
    let estate = edtech();
    let assessment = judge(&estate);
    let forms = [html(&assessment, &estate), markdown(&assessment, &estate)];
    for form in &forms {
        for expected in [
            "tools-open-ssh",
            "203.0.113.200",
            "10.139.0.0/16",
            "not priced",
            "a question for people",
            "bucket list of the object store",
            "2,470.60",
            &assessment.estate_sha256,
        ] {
            assert!(form.contains(expected), "{expected} is missing");
        }
        for check in &assessment.checks {
            assert!(form.contains(&check.id), "{} is missing", check.id);
        }
    }
}
