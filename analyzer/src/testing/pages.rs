//! The examples in the pages of rules: what a user reads in `wasmcheck explain RULE` is true.

use fixtures::findings;
use fixtures::pages::{Example, examples};
use model::{Effect, Level, Rule};

use super::compare;

/// The examples in the page of a rule.
fn of_page(rule: Rule) -> Vec<Example> {
    examples(rule.info().page).unwrap_or_else(|e| panic!("{rule}.md: {e}"))
}

/// Whether an example expects that its rule finds something that matters.
fn is_positive(rule: Rule, example: &Example) -> bool {
    let files = example.files.iter();
    let mut expected =
        files.flat_map(|(path, text)| findings::read(path, text).unwrap_or_default());
    expected.any(|e| e.rule == rule && e.effect != Some(Effect::Note))
}

#[test]
fn every_page_has_a_positive_and_a_near_miss() {
    let mut complaints = Vec::new();
    for rule in Rule::ALL {
        let examples = of_page(rule);
        for bad in [true, false] {
            if !examples.iter().any(|e| e.bad == bad) {
                let kind = if bad { "bad" } else { "good" };
                complaints.push(format!("{rule}.md: no example is `{kind}`"));
            }
        }
        for example in &examples {
            if is_positive(rule, example) != example.bad {
                let line = example.line;
                complaints.push(format!(
                    "{rule}.md:{line}: the example does not expect what its info string says"
                ));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn examples_of_pages_are_what_a_scan_finds() {
    let mut complaints = Vec::new();
    for rule in Rule::ALL {
        let examples = of_page(rule);
        for example in examples.into_iter().filter(|e| e.level == Level::Scan) {
            let line = example.line;
            let differ = compare("", example.files, &|_| {});
            complaints.extend(differ.into_iter().map(|c| format!("{rule}.md:{line}: {c}")));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
