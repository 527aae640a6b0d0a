//! Packages that do not build on this machine either: what is wrong with them is nothing of wasm.

use std::collections::{BTreeMap, BTreeSet};

use model::{AdviceKind, Confirmed, Effect, Finding, ListedPackage, Report, Rule};
use toolchain::{Error, Platform};

use super::{blank, first_lines, go};
use crate::checkup::Checkup;

/// Part of the time for remedies that this may take.
const SHARE: f64 = 0.25;

/// What the compiler says on this machine, by package.
pub(super) type Broken = BTreeMap<String, String>;

/// The packages of findings that a name which is missing everywhere would explain, and that do not build on this
/// machine. Packages with cgo are left out: it is off.
pub(super) fn broken(checkup: &Checkup<'_>, report: &Report) -> Broken {
    let suspects = report.findings.iter().filter(|f| is_suspect(f));
    let suspects: BTreeSet<String> = suspects.map(|f| f.package.clone()).collect();
    if suspects.is_empty() || checkup.is_over() {
        return Broken::new();
    }
    let suspects: Vec<String> = suspects.into_iter().collect();
    let checkup = &checkup.until(checkup.deadline.share(SHARE));
    let compile = || -> Result<Broken, Error> {
        // With cgo, which says what needs it.
        let listed = checkup.session.list(Platform::Native, &suspects)?;
        let with_cgo = listed.packages.iter().filter(|p| !p.cgo_files.is_empty());
        let with_cgo: BTreeSet<&String> = with_cgo.map(|p| &p.import_path).collect();
        let session = checkup.session.candidate(&go(checkup), &[])?;
        let compiled = session.compile_listed(Platform::Native, &suspects)?;
        let packages = compiled.packages.iter();
        let packages = packages.filter(|p| !with_cgo.contains(&p.import_path));
        let broken = packages.filter_map(|p| Some((p.import_path.clone(), of_compiler(p)?)));
        Ok(broken.collect())
    };
    // What could not be found out is not said.
    compile().unwrap_or_default()
}

/// A rule that names missing on all platforms break, too.
fn is_suspect(finding: &Finding) -> bool {
    let rules = [
        Rule::UndefinedName,
        Rule::MissingMember,
        Rule::Redeclared,
        Rule::Compiler,
    ];
    finding.effect == Effect::FailsToBuild && rules.contains(&finding.rule)
}

/// What the compiler says of a package, after the line with its name; nothing where it was not asked.
fn of_compiler(package: &ListedPackage) -> Option<String> {
    let error = package.error.as_ref()?;
    error.err.starts_with("# ").then(|| first_lines(&error.err))
}

/// Say it of the packages, in the place of advice for what wasm lacks.
pub(super) fn advise(checkup: &Checkup<'_>, report: &mut Report, broken: &Broken) {
    for (package, why) in broken {
        let at_fault = |f: &Finding| f.package == *package && f.effect == Effect::FailsToBuild;
        let findings = report.findings.iter().filter(|f| at_fault(f));
        let findings: Vec<&Finding> = findings.collect();
        let Some(first) = findings.first() else {
            continue;
        };
        let why = checkup.paths.without_cache(&checkup.paths.in_module(why));
        let mut advice = blank(report);
        advice.finding.clone_from(&first.id);
        advice.kind = AdviceKind::None;
        advice.title =
            format!("{package} does not build on this machine either, mend that first: {why}");
        let targets = findings.iter().flat_map(|f| f.targets.iter());
        advice.confirmed = targets.map(|t| (*t, Confirmed::None)).collect();
        for finding in report.findings.iter_mut().filter(|f| at_fault(f)) {
            finding.advice = vec![advice.id.clone()];
        }
        report.advice.push(advice);
    }
    let known = report
        .findings
        .iter()
        .flat_map(|f| f.advice.iter().cloned());
    let known: BTreeSet<String> = known.collect();
    if !broken.is_empty() {
        report.advice.retain(|a| known.contains(&a.id));
    }
}
