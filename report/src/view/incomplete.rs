//! What could not be done.

use std::collections::BTreeSet;

use model::{Report, Target};

use super::words::target_list;

/// What could not be done, each reason once: stage, targets, reason.
pub fn incomplete(report: &Report) -> Vec<(&str, String, &str)> {
    let mut said = BTreeSet::new();
    let first = report
        .incomplete
        .iter()
        .filter(|i| said.insert((i.stage, &i.reason)));
    let merged = first.map(|item| {
        let same = report.incomplete.iter().filter(|i| i.reason == item.reason);
        let targets: Vec<Target> = same.filter_map(|i| i.target).collect();
        let targets = if targets.is_empty() {
            String::new()
        } else {
            target_list(&targets)
        };
        (item.stage.name(), targets, item.reason.as_str())
    });
    merged.collect()
}
