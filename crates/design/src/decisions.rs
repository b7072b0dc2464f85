//! Decisions: each has a name, a rule's own answer, what that was chosen over, and a sentence. A policy may answer
//! any of them otherwise, by name and with a reason.
//!
//! Whoever designs something asks [`Decisions::decide`]; an override of something that nobody asks about is refused
//! at the end, because it would otherwise be dropped in silence.

use reberth_model::design::{Choice, Decision};
use reberth_model::policy::Override;
use std::collections::BTreeSet;

use crate::error::DesignError;

/// What a decision may be set to.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number between these two.
    Number(u64, u64),
    /// `true` or `false`.
    Switch,
    /// An instance type such as `m7g.large`; with the prefix `db.` or `cache.` where one is given.
    InstanceType(&'static str),
    /// An IPv4 block whose prefix length lies between these two.
    Block(u8, u8),
    /// An AWS region, or `none`.
    RegionOrNone,
    /// An IPv4 block whose prefix length lies between these two, or `none`.
    BlockOrNone(u8, u8),
    /// The path of a request, such as `/healthz`.
    Path,
}

/// A question with the rule's own answer.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// Name of the decision.
    pub(crate) id: &'a str,
    /// The rule's own answer.
    pub(crate) value: &'a str,
    /// What that was chosen over.
    pub(crate) alternative: &'a str,
    /// Why, in a sentence.
    pub(crate) why: &'a str,
    /// What it may be set to.
    pub(crate) may_be: Values,
}

/// All decisions made so far, and the policy's own.
#[derive(Debug)]
pub(crate) struct Decisions<'p> {
    overrides: &'p [Override],
    made: Vec<Decision>,
}

impl<'p> Decisions<'p> {
    /// No decision yet.
    pub(crate) fn under(overrides: &'p [Override]) -> Decisions<'p> {
        Decisions {
            overrides,
            made: Vec::new(),
        }
    }

    /// The policy's answer, or else the rule's own; either is written down.
    pub(crate) fn decide(&mut self, question: &Question<'_>) -> Result<Choice, DesignError> {
        let own = self
            .overrides
            .iter()
            .find(|own| own.decision == question.id);
        let decision = match own {
            None => decision(question, question.value.to_owned(), None),
            Some(own) => {
                let value = own.value.to_string();
                if !question.may_be.allows(&value) {
                    return Err(DesignError::BadOverride {
                        decision: question.id.to_owned(),
                        value,
                        may_be: question.may_be.words(),
                    });
                }
                decision(question, value, Some(own.reason.trim().to_owned()))
            }
        };
        let choice = Choice {
            value: decision.value.clone(),
            why: decision.overridden.as_ref().map_or_else(
                || decision.why.clone(),
                |reason| format!("the policy decides it: {reason}"),
            ),
        };
        self.made.push(decision);
        Ok(choice)
    }

    /// A type found by size; where none is known, the one that the policy names.
    pub(crate) fn or_named(
        &self,
        found: Result<Choice, DesignError>,
    ) -> Result<Choice, DesignError> {
        if let Err(DesignError::UnknownSize { decision, size, .. }) = &found
            && let Some(own) = self.overrides.iter().find(|own| own.decision == *decision)
        {
            return Ok(Choice {
                value: own.value.to_string(),
                why: format!("no type is known for the source's {size}, so the policy names one"),
            });
        }
        found
    }

    /// Whether the policy answers a question of that name.
    pub(crate) fn is_overridden(&self, id: &str) -> bool {
        self.overrides.iter().any(|own| own.decision == id)
    }

    /// A decision about a number.
    pub(crate) fn number(&mut self, question: &Question<'_>) -> Result<u64, DesignError> {
        let choice = self.decide(question)?;
        Ok(choice.value.parse().unwrap_or_default())
    }

    /// A decision between yes and no.
    pub(crate) fn switch(&mut self, question: &Question<'_>) -> Result<bool, DesignError> {
        Ok(self.decide(question)?.value == "true")
    }

    /// All decisions, ordered by id. An override that answers none of them is refused.
    pub(crate) fn finish(mut self) -> Result<Vec<Decision>, DesignError> {
        self.made.sort();
        let ids: BTreeSet<&str> = self.made.iter().map(|made| made.id.as_str()).collect();
        let unknown = self
            .overrides
            .iter()
            .find(|own| !ids.contains(own.decision.as_str()));
        match unknown {
            None => Ok(self.made),
            Some(own) => Err(DesignError::UnknownDecision {
                decision: own.decision.clone(),
                nearest: nearest(&own.decision, &ids).join(", "),
            }),
        }
    }
}

fn decision(question: &Question<'_>, value: String, overridden: Option<String>) -> Decision {
    // What the policy set aside is the alternative now.
    let is_other = value != question.value;
    let alternative = if is_other {
        question.value
    } else {
        question.alternative
    };
    Decision {
        id: question.id.to_owned(),
        value,
        alternative: alternative.to_owned(),
        why: question.why.to_owned(),
        may_be: question.may_be.words(),
        overridden,
    }
}

/// Known decisions that share most with a name: the last words first, then the beginning.
fn nearest<'a>(id: &str, known: &BTreeSet<&'a str>) -> Vec<&'a str> {
    const NAMED_MAX: usize = 6;
    let words: BTreeSet<&str> = id.split('.').collect();
    let shared = |other: &str| other.split('.').filter(|word| words.contains(word)).count();
    let mut ranked: Vec<&str> = known.iter().copied().collect();
    ranked.sort_by_key(|other| (std::cmp::Reverse(shared(other)), *other));
    ranked.truncate(NAMED_MAX);
    ranked
}

impl Values {
    fn allows(&self, value: &str) -> bool {
        match self {
            Values::OneOf(words) => words.contains(&value),
            Values::Number(least, most) => value
                .parse::<u64>()
                .is_ok_and(|number| (*least..=*most).contains(&number)),
            Values::Switch => matches!(value, "true" | "false"),
            Values::InstanceType(prefix) => value
                .strip_prefix(prefix)
                .and_then(|rest| rest.split_once('.'))
                .is_some_and(|(family, size)| {
                    is_word(&family.replace('-', "")) && is_word(&size.replace('-', ""))
                }),
            Values::Block(shortest, longest) => value
                .parse::<ipnet::Ipv4Net>()
                .is_ok_and(|block| (*shortest..=*longest).contains(&block.prefix_len())),
            Values::RegionOrNone => value == "none" || is_region(value),
            Values::BlockOrNone(shortest, longest) => {
                value == "none" || Values::Block(*shortest, *longest).allows(value)
            }
            Values::Path => is_path(value),
        }
    }

    fn words(&self) -> String {
        match self {
            Values::OneOf(words) => words.join(" | "),
            Values::Number(least, most) => format!("{least} to {most}"),
            Values::Switch => "true | false".to_owned(),
            Values::InstanceType(prefix) => format!("an instance type such as {prefix}m7g.large"),
            Values::Block(shortest, longest) => {
                format!("an IPv4 block of /{shortest} to /{longest}")
            }
            Values::RegionOrNone => "an AWS region | none".to_owned(),
            Values::BlockOrNone(shortest, longest) => {
                format!("an IPv4 block of /{shortest} to /{longest} | none")
            }
            Values::Path => "a path such as /healthz".to_owned(),
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// Whether a text is a path that a health check of a load balancer takes.
fn is_path(text: &str) -> bool {
    const LENGTH_MAX: usize = 1024;
    text.starts_with('/')
        && text.len() <= LENGTH_MAX
        && text
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '$' | '%' | '{' | '}'))
}

/// Whether a text reads as a region, such as `ap-south-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), [area, .., number]
        if parts.len() >= 3 && area.len() == 2 && is_word(area) && number.len() == 1 && number.starts_with(|c: char| c.is_ascii_digit()))
        && parts.iter().all(|part| is_word(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reberth_model::policy::Scalar;

    const QUESTION: Question<'static> = Question {
        id: "network.nat",
        value: "per_zone",
        alternative: "single",
        why: "the loss of a zone cuts off that zone only",
        may_be: Values::OneOf(&["per_zone", "single"]),
    };

    fn own(decision: &str, value: &str) -> Override {
        Override {
            decision: decision.to_owned(),
            value: Scalar::Word(value.to_owned()),
            reason: "cheaper".to_owned(),
        }
    }

    #[test]
    fn the_policy_decides_before_the_rule() {
        let overrides = [own("network.nat", "single")];
        let mut decisions = Decisions::under(&overrides);
        let choice = decisions.decide(&QUESTION).unwrap();
        assert_eq!(choice.value, "single");
        let made = decisions.finish().unwrap();
        assert_eq!(made[0].alternative, "per_zone");
        assert_eq!(made[0].overridden.as_deref(), Some("cheaper"));
    }

    #[test]
    fn overrides_of_nothing_and_with_bad_values_are_refused() {
        let overrides = [own("network.not", "single")];
        let mut decisions = Decisions::under(&overrides);
        decisions.decide(&QUESTION).unwrap();
        let error = decisions.finish().unwrap_err();
        assert!(error.to_string().contains("network.nat"), "{error}");
        let overrides = [own("network.nat", "both")];
        let error = Decisions::under(&overrides).decide(&QUESTION).unwrap_err();
        assert!(error.to_string().contains("per_zone | single"), "{error}");
    }

    #[test]
    fn values_are_held_to_their_kind() {
        for (values, text, expected) in [
            (Values::Number(1, 3), "4", false),
            (Values::Number(1, 3), "3", true),
            (Values::Number(1, 3), "-1", false),
            (Values::Switch, "true", true),
            (Values::Switch, "yes", false),
            (Values::InstanceType("db."), "db.m7g.large", true),
            (Values::InstanceType("db."), "m7g.large", false),
            (Values::InstanceType(""), "u-6tb1.metal", true),
            (Values::InstanceType(""), "m7g.metal-48xl", true),
            (Values::InstanceType(""), "m7g.", false),
            (Values::Block(16, 20), "10.4.0.0/16", true),
            (Values::Block(16, 20), "10.4.0.0/24", false),
            (Values::RegionOrNone, "eu-central-1", true),
            (Values::RegionOrNone, "none", true),
            (Values::RegionOrNone, "mars", false),
            (Values::BlockOrNone(8, 32), "203.0.113.7/32", true),
            (Values::BlockOrNone(8, 32), "none", true),
            (Values::BlockOrNone(8, 32), "0.0.0.0/0", false),
            (Values::Path, "/healthz?full=1", true),
            (Values::Path, "healthz", false),
            (Values::Path, "/${oops}", false),
        ] {
            assert_eq!(values.allows(text), expected, "{values:?} {text}");
        }
    }
}
