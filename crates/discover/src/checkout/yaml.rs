//! YAML as these files use it: merge keys are carried out, and values may be told in a short or a long form.

use serde_norway::Value;

use super::exec_form;

/// The document, its merge keys carried out. The parser's own message is not told: it quotes the text.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut document: Value = serde_norway::from_str(text).map_err(|error| at(&error))?;
    document.apply_merge().map_err(|error| at(&error))?;
    Ok(document)
}

fn at(error: &serde_norway::Error) -> String {
    match error.location() {
        Some(place) => format!(
            "it is not YAML of the documented form, at line {}",
            place.line()
        ),
        None => "it is not YAML of the documented form".to_owned(),
    }
}

/// The entries of a mapping under `key`, by name; a list of named entries likewise.
pub(super) fn entries<'a>(value: &'a Value, key: &str) -> Vec<(String, &'a Value)> {
    match value.get(key) {
        Some(Value::Mapping(mapping)) => {
            let entries = mapping.iter();
            entries
                .filter_map(|(name, value)| Some((scalar(name)?, value)))
                .collect()
        }
        Some(Value::Sequence(list)) => list
            .iter()
            .filter_map(|item| Some((scalar(item.get("name")?)?, item)))
            .collect(),
        _ => Vec::new(),
    }
}

/// The items of a list under `key`; a single value is a list of one.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value.get(key) {
        Some(Value::Sequence(list)) => list.iter().collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(single) => vec![single],
    }
}

/// A text, number or switch under `key`.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    scalar(value.get(key)?)
}

/// A text, number or switch.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A command, told as one text or in several lines.
pub(super) fn command(value: Option<&Value>) -> Option<String> {
    command_of(value?, |lines| lines.join(" "))
}

/// A command, told as one text or word by word.
pub(super) fn exec_form(value: Option<&Value>) -> Option<String> {
    command_of(value?, exec_form::line)
}

fn command_of(value: &Value, line: fn(&[String]) -> String) -> Option<String> {
    match value {
        Value::Sequence(words) => {
            let words: Vec<String> = words.iter().filter_map(scalar).collect();
            (!words.is_empty()).then(|| line(&words))
        }
        single => scalar(single).filter(|text| !text.trim().is_empty()),
    }
}
