//! Modules at fault that lie on this machine outside of the checked one: `replace` or go.work has put them there, and
//! they are changed there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use model::{AdviceKind, Confirmed, Effect, Finding, ListedPackage, Report};

use super::blank;
use crate::checkup::Checkup;

/// The module of a package and where that lies, where it is such a one.
pub(super) fn home<'c>(checkup: &Checkup<'c>, package: &str) -> Option<(&'c str, &'c Utf8Path)> {
    let mut packages = checkup
        .builds
        .iter()
        .filter_map(|(platform, _)| checkup.builds.package(platform, package));
    packages.find_map(|p| home_of(p, checkup.session.root()))
}

fn home_of<'p>(package: &'p ListedPackage, root: &Utf8Path) -> Option<(&'p str, &'p Utf8Path)> {
    let module = package.module.as_ref()?;
    let dir = match module.replace.as_deref() {
        Some(replace) if replace.version.is_empty() => &replace.dir,
        None if module.main => &module.dir,
        _ => return None,
    };
    let is_outside = !dir.as_str().is_empty() && !dir.starts_with(root);
    is_outside.then_some((module.path.as_str(), dir.as_path()))
}

/// Say where each of these is changed, before all other advice for what is at fault in it.
pub(super) fn advise(checkup: &Checkup<'_>, report: &mut Report) {
    let mut homes: BTreeMap<(&str, &Utf8Path), Vec<usize>> = BTreeMap::new();
    for (number, finding) in report.findings.iter().enumerate() {
        if finding.effect == Effect::FailsToBuild
            && let Some(home) = home(checkup, &finding.root)
        {
            homes.entry(home).or_default().push(number);
        }
    }
    for ((module, dir), numbers) in homes {
        let mut advice = blank(report);
        let findings: Vec<&Finding> = numbers.iter().map(|n| &report.findings[*n]).collect();
        let Some(first) = findings.first() else {
            continue;
        };
        let dir = match analyzer::relative(checkup.top, dir) {
            here if here.is_empty() => Utf8PathBuf::from("."),
            dir => Utf8PathBuf::from(dir),
        };
        advice.finding.clone_from(&first.id);
        advice.kind = AdviceKind::None;
        // Nobody should be asked to type what a shell takes for something else.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/+".contains(c);
        let command = format!("wasmcheck fix {dir}");
        advice.patch = dir.as_str().chars().all(plain).then_some(command);
        let how = advice.patch.as_ref().map(|c| format!(": run `{c}`"));
        advice.title = format!(
            "{module} lies in {dir}, outside of this module, and is changed there{}",
            how.unwrap_or_default()
        );
        advice.to = Some(dir.into_string());
        let targets = findings.iter().flat_map(|f| f.targets.iter());
        advice.confirmed = targets.map(|t| (*t, Confirmed::None)).collect();
        for number in numbers {
            report.findings[number].advice.insert(0, advice.id.clone());
        }
        report.advice.push(advice);
    }
}
