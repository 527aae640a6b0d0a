//! Each rule of the model has its page in `docs/rules`, and each page its rule.
//!
//! A page has examples in fenced blocks: ` ```go bad ` is Go that the rule finds, ` ```go good ` is Go
//! that is nearly the same and that it must not find; `txtar` in place of `go` is several files. That
//! they are what they say is tested in `analyzer` and `cli`.

use std::path::Path;

use anyhow::{Context, Result};
use model::Rule;

use super::tree::read;

const DIR: &str = "docs/rules";

/// What the fences of a page's examples say behind the language, and what the example is.
const EXAMPLES: &[(&str, &str)] = &[
    ("bad", "an example that the rule finds"),
    ("good", "a near miss that it does not"),
];

/// Checks all pages.
pub(super) fn check(complaints: &mut Vec<String>) -> Result<()> {
    let mut slugs = Vec::new();
    for entry in Path::new(DIR).read_dir().context(DIR)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        slugs.extend(name.strip_suffix(".md").map(str::to_owned));
    }
    slugs.sort();
    compare(&slugs, complaints);
    for slug in &slugs {
        let path = format!("{DIR}/{slug}.md");
        page(&path, &read(Path::new(&path))?, complaints);
    }
    Ok(())
}

fn compare(slugs: &[String], complaints: &mut Vec<String>) {
    let rules: Vec<&str> = Rule::ALL.iter().map(|r| r.slug()).collect();
    for rule in &rules {
        if !slugs.iter().any(|s| s == rule) {
            complaints.push(format!("{DIR}/{rule}.md: the rule has no page"));
        }
    }
    for slug in slugs {
        if !rules.contains(&slug.as_str()) {
            complaints.push(format!("{DIR}/{slug}.md: there is no such rule"));
        }
    }
}

fn page(path: &str, text: &str, complaints: &mut Vec<String>) {
    let title = path.rsplit('/').next().unwrap_or(path);
    let title = format!("# {}", title.trim_end_matches(".md"));
    if text.lines().next() != Some(&title) {
        complaints.push(format!("{path}: does not begin with `{title}`"));
    }
    for (word, what) in EXAMPLES {
        let fences = ["go", "txtar"].map(|language| format!("```{language} {word}"));
        let is_one = |line: &str| fences.iter().any(|fence| line.starts_with(fence));
        if !text.lines().any(is_one) {
            complaints.push(format!("{path}: {what} is missing (`{word}`)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_pages_belong_together() {
        let mut slugs: Vec<String> = Rule::ALL.iter().map(|r| r.slug().to_owned()).collect();
        let mut complaints = Vec::new();
        compare(&slugs, &mut complaints);
        assert!(complaints.is_empty(), "{complaints:?}");
        slugs[0] = "ghost".to_owned();
        compare(&slugs, &mut complaints);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
    }

    #[test]
    fn a_page_has_both_examples() {
        let mut complaints = Vec::new();
        let text = "# cgo\n\n```txtar bad\n-- a.go --\n```\n";
        page("docs/rules/cgo.md", text, &mut complaints);
        assert_eq!(
            complaints,
            ["docs/rules/cgo.md: a near miss that it does not is missing (`good`)"]
        );
    }
}
