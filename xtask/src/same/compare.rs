//! Compares two reports field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use super::fields::{self, Treat};
use super::redact::redact;

/// Characters of a value that are shown.
const SHOWN: usize = 300;

/// Something that two reports do not have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Where, as a path into the JSON; elements of matched lists by what they are matched by.
    path: String,
    /// What stands there before and after; none where nothing does.
    values: [Option<String>; 2],
}

impl Difference {
    /// A report that is there before alone, or after alone.
    pub(super) fn of_file(before: bool) -> Self {
        let there = |is: bool| is.then(|| "a report".to_owned());
        Self {
            path: "$".to_owned(),
            values: [there(before), there(!before)],
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = &self.values;
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(
            f,
            "{}\n  before {}\n  after  {}",
            self.path,
            shown(before),
            shown(after)
        )
    }
}

/// All differences of two reports. `ignored` are fields that are not compared, besides those of the table.
pub(super) fn reports(before: Value, after: Value, ignored: &[&str]) -> Vec<Difference> {
    let [before, after] = [before, after].map(resolved);
    let mut comparison = Comparison {
        ignored,
        differences: Vec::new(),
    };
    let root = FieldPath {
        names: Vec::new(),
        shown: "$".to_owned(),
    };
    comparison.values(&root, &before, &after);
    comparison.differences
}

/// A report whose ids are replaced by what they stand for, and whose texts are those of any run.
fn resolved(mut report: Value) -> Value {
    redact_texts(&mut report);
    // Advice is matched by its finding, so that ids of findings go first.
    for list in ["findings", "advice"] {
        let names = [list.to_owned()];
        let elements = report[list].as_array().map_or(&[][..], Vec::as_slice);
        let keys = keyed(&names, elements).unwrap_or_default();
        let ids = keys.into_iter().filter_map(|(key, element)| {
            let id = element["id"].as_str()?;
            Some((id.to_owned(), key))
        });
        let ids: BTreeMap<String, String> = ids.collect();
        replace(&mut Vec::new(), &mut report, &ids);
        for element in report[list].as_array_mut().into_iter().flatten() {
            element
                .as_object_mut()
                .and_then(|fields| fields.remove("id"));
        }
    }
    report
}

fn redact_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(elements) => elements.iter_mut().for_each(redact_texts),
        Value::Object(fields) => fields.values_mut().for_each(redact_texts),
        _ => {}
    }
}

/// Replaces ids where references stand. Several of them are sorted.
fn replace(names: &mut Vec<String>, value: &mut Value, ids: &BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.push(name.clone());
                replace(names, value, ids);
                names.pop();
            }
        }
        Value::Array(elements) => {
            for element in &mut *elements {
                replace(names, element, ids);
            }
            if fields::is_reference(names) {
                elements.sort_by_key(Value::to_string);
            }
        }
        Value::String(id) if fields::is_reference(names) => {
            if let Some(key) = ids.get(id) {
                key.clone_into(id);
            }
        }
        _ => {}
    }
}

/// A place in both reports.
struct FieldPath {
    /// The names of the fields that lead there, lists passed through.
    names: Vec<String>,
    /// As it is shown, with elements of lists.
    shown: String,
}

impl FieldPath {
    fn field(&self, name: &str) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        let shown = format!("{}.{name}", self.shown);
        Self { names, shown }
    }

    fn element(&self, which: &str) -> Self {
        let names = self.names.clone();
        let shown = format!("{}[{which}]", self.shown);
        Self { names, shown }
    }
}

/// A comparison that is under way.
struct Comparison<'a> {
    ignored: &'a [&'a str],
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn values(&mut self, at: &FieldPath, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.objects(at, before, after),
            (Value::Array(before), Value::Array(after)) => self.lists(at, before, after),
            (before, after) if before == after => {}
            (before, after) => self.differ(at, Some(before), Some(after)),
        }
    }

    fn objects(&mut self, at: &FieldPath, before: &Map<String, Value>, after: &Map<String, Value>) {
        // Names in the newer report that were compared under their older ones.
        let mut done = BTreeSet::new();
        for (name, old) in before {
            let place = at.field(name);
            let instead = |to: &str| after.get(to).filter(|_| !after.contains_key(name));
            match fields::treat(&place.names, self.ignored) {
                Some(Treat::Ignored) => {}
                Some(Treat::Renamed(to)) if instead(to).is_some() => {
                    done.insert(to);
                    self.values(&place, old, &after[to]);
                }
                Some(Treat::Texts(to)) if instead(to).is_some() => {
                    done.insert(to);
                    self.texts(&place, old, &after[to]);
                }
                _ => self.present(&place, Some(old), after.get(name)),
            }
        }
        for (name, new) in after {
            let place = at.field(name);
            let treat = fields::treat(&place.names, self.ignored);
            let may_be_new = matches!(treat, Some(Treat::Ignored | Treat::Added));
            if !before.contains_key(name) && !done.contains(name.as_str()) && !may_be_new {
                self.present(&place, None, Some(new));
            }
        }
    }

    /// A value that one of the reports may leave out when it is empty.
    fn present(&mut self, at: &FieldPath, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(before), Some(after)) => self.values(at, before, after),
            (Some(one), None) | (None, Some(one)) if is_empty(one) => {}
            (before, after) => self.differ(at, before, after),
        }
    }

    fn lists(&mut self, at: &FieldPath, before: &[Value], after: &[Value]) {
        if let (Some(before), Some(after)) = (keyed(&at.names, before), keyed(&at.names, after)) {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                match (before.get(key), after.get(key)) {
                    (Some(before), Some(after)) => self.values(&at.element(key), before, after),
                    (before, after) => {
                        self.differ(&at.element(key), before.copied(), after.copied());
                    }
                }
            }
            return;
        }
        for index in 0..before.len().max(after.len()) {
            let place = at.element(&index.to_string());
            match (before.get(index), after.get(index)) {
                (Some(before), Some(after)) => self.values(&place, before, after),
                (before, after) => self.differ(&place, before, after),
            }
        }
    }

    /// Two lists of texts, in any order.
    fn texts(&mut self, at: &FieldPath, before: &Value, after: &Value) {
        let [before, after] = [before, after].map(texts);
        for text in before.symmetric_difference(&after) {
            let value = Value::from(*text);
            let is_old = before.contains(text);
            let values = [is_old.then_some(&value), (!is_old).then_some(&value)];
            self.differ(&at.element("…"), values[0], values[1]);
        }
    }

    fn differ(&mut self, at: &FieldPath, before: Option<&Value>, after: Option<&Value>) {
        let shown = |value: &Value| {
            let text = value.to_string();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        };
        self.differences.push(Difference {
            path: at.shown.clone(),
            values: [before.map(shown), after.map(shown)],
        });
    }
}

/// What a reader takes for a field that is left out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn texts(list: &Value) -> BTreeSet<&str> {
    let elements = list.as_array().into_iter().flatten();
    elements
        .filter_map(|e| e.as_str().or_else(|| e["text"].as_str()))
        .collect()
}

/// The elements of a list by what they are matched by; none for a list whose order counts. Of elements with
/// the same key, the second and further ones are numbered.
fn keyed<'v>(names: &[String], list: &'v [Value]) -> Option<BTreeMap<String, &'v Value>> {
    let fields = fields::key(names)?;
    let mut found = BTreeMap::new();
    for element in list {
        let parts = fields.iter().filter_map(|name| part(&element[*name]));
        let base = parts.collect::<Vec<_>>().join(" ");
        let mut key = base.clone();
        let mut count = 1;
        while found.contains_key(&key) {
            count += 1;
            key = format!("{base} #{count}");
        }
        found.insert(key, element);
    }
    Some(found)
}

/// What a field contributes to a key: of a scenario its name, of a list all that is in it.
fn part(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => Some(list.iter().filter_map(part).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => fields.get("name").and_then(part),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
