//! Names from the source are data: whatever stands in them, it cannot leave its comment or text.

use reberth_generate::terraform;
use reberth_model::design::{Design, NatPlacement};

use crate::designs;

/// A small generator of pseudo-random numbers, so that every run tries the same texts.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 16] = [
            "${", "}", "%{", "\"", "\\", "\n", "\r\n", "#", "/*", "*/", "<<EOT", "é", " ", "=",
            "{", "name",
        ];
        (0..1 + self.next() % 12)
            .map(|_| PARTS[self.next() % PARTS.len()])
            .collect()
    }
}

/// The small design with hostile texts wherever the source's own words reach the files.
pub(crate) fn design(seed: u64) -> Design {
    let mut random = Random(seed * 7919 + 1);
    designs::changed(|design| {
        design.network.nat = NatPlacement::Single;
        for service in &mut design.services {
            service.origin.why = random.text();
            service.environment = random.text();
            if let Some(target) = &mut service.target_group {
                target.health_path = random.text();
            }
        }
        for database in &mut design.databases {
            database.origin.from = vec![random.text()];
            database.schemas = vec![random.text()];
            for parameter in &mut database.parameters {
                parameter.value = random.text();
            }
            for setting in &mut database.settings_not_copied {
                setting.value = random.text();
            }
        }
        for ingress in &mut design.ingresses {
            ingress.domain = random.text();
        }
        for item in &mut design.not_carried {
            item.name = random.text();
        }
    })
}

#[test]
fn hostile_names_change_values_only() {
    let shape = |design: &Design| -> Vec<String> {
        terraform(design)
            .values()
            .flat_map(|body| lines(&body.to_string()))
            .collect()
    };
    let expected = {
        let mut calm = design(1);
        calm.hash = String::new();
        shape(&calm)
    };
    for seed in 2..60 {
        assert_eq!(shape(&design(seed)), expected, "seed {seed}");
    }
}

/// What a line opens and closes, without its quoted texts and comments.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| {
            let mut quoted = false;
            let mut escaped = false;
            let mut kept = String::new();
            for c in line.chars() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' if quoted => escaped = true,
                    '"' => quoted = !quoted,
                    c if !quoted => kept.push(c),
                    _ => {}
                }
            }
            assert!(!quoted, "an open text in {line}");
            kept
        })
        .collect()
}
