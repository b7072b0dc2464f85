//! The output of the script, cut at its marks.

use std::collections::BTreeMap;

/// What one probe answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Probed<'a> {
    /// What it printed besides files.
    pub(super) text: &'a str,
    /// Files with their text, in order.
    pub(super) files: Vec<(&'a str, &'a str)>,
    /// Whether its last command did not fail.
    pub(super) is_well: bool,
}

/// The answers by the name of the probe; `None` when the output ends before the script did.
pub(super) fn answers<'a>(output: &'a str, mark: &str) -> Option<BTreeMap<&'a str, Probed<'a>>> {
    let mut found: BTreeMap<&str, Probed<'_>> = BTreeMap::new();
    let mut current: Option<(&str, Probed<'_>)> = None;
    let separator = format!("\n{mark} ");
    for part in output.split(separator.as_str()).skip(1) {
        let (line, text) = part.split_once('\n').unwrap_or((part, ""));
        match (line.split_once(' ').unwrap_or((line, "")), &mut current) {
            (("probe", name), _) => {
                let text_only = Probed {
                    text,
                    ..Probed::default()
                };
                current = Some((name, text_only));
            }
            (("file", path), Some((_, probed))) => probed.files.push((path, text)),
            (("status", status), Some((_, probed))) => {
                probed.is_well = status == "0";
                found.extend(current.take());
            }
            (("end", _), _) => return Some(found),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_cut_and_a_broken_output_is_none() {
        let output = "motd\n\nM probe os\nID=debian\nprobe x\n\nM status 0\n\nM probe cron\nfree\n\nM file /etc/a b\none\nfile /etc/c\n\nM status 1\n\nM end\n";
        let told = answers(output, "M").unwrap();
        assert_eq!(told["os"].text, "ID=debian\nprobe x\n");
        assert!(told["os"].is_well && !told["cron"].is_well);
        assert_eq!(
            (told["cron"].text, &told["cron"].files[..]),
            ("free\n", &[("/etc/a b", "one\nfile /etc/c\n")][..])
        );
        assert_eq!(answers("\nM probe os\nID", "M"), None);
        assert_eq!(answers("", "M"), None);
    }
}
