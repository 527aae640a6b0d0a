//! A report, or what is in a wasm file, may say anything in every text and every number of it: each format is rendered
//! without a panic, people see no character that a terminal obeys, that turns the direction of writing or that
//! nobody sees, no colours but ours, and JSON says the same again.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::is_hidden;
use report::{FORMATS, Options, Pages, Stored, compare, read_stored, render};
use serde_json::Value;

const PAGES: Pages = Pages {
    report: web::page,
    file: web::file_page,
};

const BOTH: [bool; 2] = [false, true];

/// What an earlier version stored, and the places in it that may say something else.
struct Example {
    value: Value,
    texts: Vec<String>,
    /// Numbers of 32 bits, and of 64.
    numbers: [Vec<String>; 2],
}

static EXAMPLES: LazyLock<[Example; 2]> = LazyLock::new(|| {
    let report = include_str!("../../report/tests/data/report-schema-1.json");
    let file = include_str!("../../report/tests/data/inspect-schema-1.json");
    [report, file].map(|text| Example::of(&json(&read_stored(text).expect("it is stored"))))
});

/// The colours of the examples as they are.
static COLOURS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut colours = BTreeSet::new();
    for example in &*EXAMPLES {
        let stored = stored(&example.value).expect("the example is read");
        for verbose in BOTH {
            let text = text_of(&stored, verbose);
            colours.extend(split(&text).0);
        }
    }
    let stored = stored(&EXAMPLES[0].value).and_then(|s| s.into_report().ok());
    let report = stored.expect("it is a report");
    colours.extend(split(&render::compare::render(&compare(&report, &report))).0);
    colours
});

impl Example {
    fn of(value: &Value) -> Self {
        let mut leaves = Vec::new();
        walk(value, &mut String::new(), &mut leaves);
        let free = |other: Value| {
            let may_be = |pointer: &&String| {
                let mut value = value.clone();
                let leaf = value.pointer_mut(pointer).expect("it was there");
                let alike = leaf.is_string() == other.is_string();
                *leaf = other.clone();
                alike && stored(&value).is_some()
            };
            leaves.iter().filter(may_be).cloned().collect()
        };
        Self {
            texts: free("anything".into()),
            numbers: [free(u32::MAX.into()), free(u64::MAX.into())],
            value: value.clone(),
        }
    }

    /// The example with other texts and numbers.
    fn with(&self, texts: &[&str], numbers: &[u64]) -> Value {
        let mut value = self.value.clone();
        let mut put = |pointer: &String, new: Value| {
            if let Some(leaf) = value.pointer_mut(pointer) {
                *leaf = new;
            }
        };
        for (pointer, text) in self.texts.iter().zip(texts.iter().cycle()) {
            put(pointer, (*text).into());
        }
        let [narrow, wide] = &self.numbers;
        for (pointer, number) in narrow.iter().zip(numbers.iter().cycle()) {
            put(pointer, u32::try_from(*number).unwrap_or(u32::MAX).into());
        }
        for (pointer, number) in wide.iter().zip(numbers.iter().cycle()) {
            put(pointer, (*number).into());
        }
        value
    }
}

/// All texts and numbers, but for those that say what the file is.
fn walk(value: &Value, pointer: &mut String, leaves: &mut Vec<String>) {
    let mut down = |name: &str, value: &Value| {
        let before = pointer.len();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        walk(value, pointer, leaves);
        pointer.truncate(before);
    };
    match value {
        Value::Array(all) => (0..).zip(all).for_each(|(at, v): (usize, _)| down(&at.to_string(), v)),
        Value::Object(all) => all.iter().for_each(|(name, v)| down(name, v)),
        Value::String(_) | Value::Number(_) if pointer != "/schema" && pointer != "/tool/name" => {
            leaves.push(pointer.clone());
        }
        _ => {}
    }
}

fn stored(value: &Value) -> Option<Stored> {
    read_stored(&value.to_string()).ok()
}

fn json(stored: &Stored) -> Value {
    let format = report::format_named("json").expect("there is JSON");
    let text = stored.render(format, &Options::default(), PAGES);
    let text = text.expect("JSON has everything");
    assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text:?}");
    serde_json::from_str(&text).expect("it is JSON")
}

fn text_of(stored: &Stored, verbose: bool) -> String {
    let text = stored.render(report::text_format(), &Options { verbose }, PAGES);
    text.expect("text has everything")
}

/// The colours of a text, and the rest.
fn split(text: &str) -> (BTreeSet<String>, String) {
    let mut parts = text.split('\x1b');
    let mut rest = parts.next().unwrap_or_default().to_owned();
    let mut colours = BTreeSet::new();
    for part in parts {
        let (colour, after) = part.split_once('m').unwrap_or((part, ""));
        colours.insert(colour.to_owned());
        rest.push_str(after);
    }
    (colours, rest)
}

fn check_text(text: &str) {
    let (colours, rest) = split(text);
    assert!(colours.is_subset(&COLOURS), "{colours:?}");
    assert!(!rest.contains(|c| c != '\n' && is_hidden(c)), "{rest:?}");
}

fuzz_target!(|input: (Vec<&str>, Vec<u64>)| {
    let (mut texts, mut numbers) = input;
    if texts.is_empty() {
        texts.push("");
    }
    if numbers.is_empty() {
        numbers.push(0);
    }
    for example in &*EXAMPLES {
        let value = example.with(&texts, &numbers);
        let stored = stored(&value).expect("each text and number may be another");
        assert_eq!(json(&stored), json(&self::stored(&json(&stored)).expect("it is read again")));
        for verbose in BOTH {
            check_text(&text_of(&stored, verbose));
        }
        let html = FORMATS.iter().find(|format| format.name == "html");
        let page = html.and_then(|html| stored.render(html, &Options::default(), PAGES));
        let page = page.expect("there is a page of everything");
        assert!(!page.contains(|c| c != '\n' && is_hidden(c)), "{page:?}");
        assert!(!page.contains("<script"), "{page}");
        if let (Ok(new), Some(Ok(old))) =
            (stored.into_report(), self::stored(&example.value).map(Stored::into_report))
        {
            check_text(&render::compare::render(&compare(&old, &new)));
        }
    }
});
