//! Answers mutated at random: whatever a provider sends, discovery ends in an estate or an error, and neither holds a secret.

use reberth_testkit::replay::Recording;
use serde_json::{Value, json};

use crate::harness::{TOKEN, bytes, chain, discover_with};
use crate::heroku;

/// Accounts mutated: the first in one place, the next in two, and so on, then from one again.
const ROUNDS: u64 = 40;
const MUTATIONS_MAX: u64 = 12;

/// A small generator of random numbers (SplitMix64), so that a seed says everything.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Puts something else in the place of a value at most `depth` steps below `value`.
fn mutate(value: &mut Value, depth: usize, random: &mut Random) {
    let below = match value {
        _ if depth == 0 => None,
        Value::Array(items) => {
            let index = random.below(items.len());
            items.get_mut(index)
        }
        Value::Object(fields) => {
            let index = random.below(fields.len());
            fields.values_mut().nth(index)
        }
        _ => None,
    };
    match below {
        Some(below) => mutate(below, depth - 1, random),
        None => *value = strange(value, random),
    }
}

fn strange(old: &Value, random: &mut Random) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(u64::MAX),
        3 => json!(1.5e300),
        4 => json!(""),
        5 => json!("RECORDED-FAKE-mutated"),
        6 => json!("\u{1b}[2J\n\u{202e}é😀"),
        7 => json!([]),
        8 => json!({}),
        9 => json!([old, old]),
        10 => json!({ "inner": old }),
        11 => json!(true),
        12 => json!("x".repeat(10_000)),
        _ => json!(old.to_string()),
    }
}

fn mutated(mut recording: Recording, seed: u64) -> Recording {
    let mut random = Random(seed);
    let paths = recording.paths();
    for _ in 0..=seed % MUTATIONS_MAX {
        let path = &paths[random.below(paths.len())];
        if let Some(body) = recording.body_mut(path) {
            // Mostly inside the items of a list; above them, an answer has another form and nothing can be read.
            let depth = 2 + random.below(7);
            mutate(body, depth, &mut random);
        }
    }
    recording
}

/// Where a mutation put a secret's text into a name, the name is shown; the planted ones of the recording must not be.
fn assert_no_planted_secret(text: &str, seed: u64) {
    for part in text.split("RECORDED-FAKE").skip(1) {
        assert!(
            part.starts_with("-mutated"),
            "seed {seed}: a secret is told"
        );
    }
    assert!(!text.contains(TOKEN), "seed {seed}: the token is told");
}

#[test]
fn whatever_digitalocean_answers_ends_well() {
    let mut estates = 0;
    for seed in 0..ROUNDS {
        let (result, stats) = discover_with(mutated(Recording::edtech(), seed), &[], TOKEN);
        assert_eq!(stats.writes_refused, 0, "seed {seed}");
        match result {
            Ok(estate) => {
                estates += 1;
                assert_no_planted_secret(&bytes(&estate), seed);
            }
            Err(error) => assert_no_planted_secret(&chain(&error), seed),
        }
    }
    assert!(estates > 0, "no mutated account was read at all");
}

#[test]
fn whatever_heroku_answers_ends_well() {
    let mut estates = 0;
    for seed in 0..ROUNDS {
        let (result, stats) = heroku::discover_with(mutated(Recording::lms(), seed), &[], None);
        assert_eq!(stats.writes_refused, 0, "seed {seed}");
        match result {
            Ok(estate) => {
                estates += 1;
                assert_no_planted_secret(&bytes(&estate), seed);
            }
            Err(error) => assert_no_planted_secret(&chain(&error), seed),
        }
    }
    assert!(estates > 0, "no mutated account was read at all");
}
