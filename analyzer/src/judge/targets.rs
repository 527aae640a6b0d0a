//! Verdicts of packages and of the module on one target.

use std::collections::{BTreeMap, BTreeSet};

use model::{Builds, Finding, ListedPackage, Package, Root, Target, TargetReport, Verdict};

use super::breaks;
use super::fix_order::Ranked;
use super::reach::reach;
use crate::build::Build;
use crate::settings::Settings;

pub(super) fn target_report(
    settings: &Settings<'_>,
    build: &Build<'_>,
    target: Target,
    findings: &[Finding],
    ranked: &[Ranked],
) -> TargetReport {
    let mut packages: Vec<Package> = Judge::new(build, target, findings).packages();
    packages.extend(absent(settings, &packages, target, findings));
    packages.sort_by(|a, b| (!a.own, &a.package).cmp(&(!b.own, &b.package)));
    let own: Vec<&Package> = packages
        .iter()
        .filter(|p| p.own && p.builds != Builds::Absent)
        .collect();
    let verdict = own.iter().map(|p| p.verdict).min().unwrap_or_else(|| {
        if packages.iter().any(|p| p.own) {
            Verdict::Absent
        } else {
            Verdict::Unknown
        }
    });
    let build_count = own.iter().filter(|p| p.builds == Builds::Yes).count();
    let works = |p: &&&Package| p.verdict == Verdict::Works;
    let work_count = own.iter().filter(works).count();
    let roots = ranked.iter().map(|r| Root {
        root: r.root.clone(),
        unblocks: r.unblocks,
        victims: r.victims,
        effort: r.effort,
        findings: findings
            .iter()
            .filter(|f| f.root == r.root && breaks(f, target))
            .map(|f| f.id.clone())
            .collect(),
    });
    TargetReport {
        target,
        verdict,
        builds_percent: percent(build_count, own.len()),
        works_percent: percent(work_count, own.len()),
        roots: roots.collect(),
        packages,
    }
}

/// With one decimal, rounded down so that 100 means all.
fn percent(part: usize, whole: usize) -> Option<f64> {
    let tenths = (part * 1000).checked_div(whole)?;
    u32::try_from(tenths).ok().map(|t| f64::from(t) / 10.0)
}

/// Own packages that this machine's build has and the target does not.
fn absent(
    settings: &Settings<'_>,
    listed: &[Package],
    target: Target,
    findings: &[Finding],
) -> Vec<Package> {
    let own = |p: &&ListedPackage| {
        p.module
            .as_ref()
            .is_some_and(|m| m.main && m.path == settings.module)
    };
    let native = settings.native.iter().flat_map(|l| &l.packages).filter(own);
    let there = native.filter(|p| !p.go_files.is_empty() || !p.cgo_files.is_empty());
    let gone = there.filter(|p| listed.iter().all(|l| l.package != p.import_path));
    let notes = |path: &str| {
        let of = findings
            .iter()
            .filter(|f| f.root == path && f.targets.contains(&target));
        of.map(|f| f.id.clone()).collect()
    };
    gone.map(|p| Package {
        package: p.import_path.clone(),
        own: true,
        main: p.name == "main",
        builds: Builds::Absent,
        verdict: Verdict::Absent,
        tests: Verdict::Unknown,
        findings: notes(&p.import_path),
    })
    .collect()
}

/// Judges the packages of one build for one target.
struct Judge<'j, 'a> {
    build: &'j Build<'a>,
    target: Target,
    findings: &'j [Finding],
    broken: BTreeSet<&'j str>,
    unknown: BTreeSet<&'j str>,
    /// For each own package, the indexes of the findings that it meets, its own and those of what
    /// it imports.
    met: BTreeMap<&'j str, Vec<usize>>,
}

impl<'j, 'a> Judge<'j, 'a> {
    fn new(build: &'j Build<'a>, target: Target, findings: &'j [Finding]) -> Self {
        let mut met: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, finding) in findings.iter().enumerate() {
            if finding.targets.contains(&target) {
                let reached = reach(build, finding);
                reached
                    .into_iter()
                    .for_each(|path| met.entry(path).or_default().push(index));
            }
        }
        Self {
            build,
            target,
            findings,
            broken: build.broken(),
            unknown: build.unknown(),
            met,
        }
    }

    fn packages(&self) -> Vec<Package> {
        let graph = &self.build.graph;
        let with_findings = self
            .findings
            .iter()
            .filter(|f| f.targets.contains(&self.target));
        let blamed: BTreeSet<&str> = with_findings
            .flat_map(|f| [f.package.as_str(), f.root.as_str()])
            .collect();
        let wanted = graph.packages.values().filter(|p| {
            let empty = p.listed.go_files.is_empty()
                && p.listed.error.is_none()
                && !graph.is_imported_without_files(p);
            (p.own && !empty) || (blamed.contains(p.path()) && !p.listed.standard)
        });
        wanted.map(|p| self.package(p)).collect()
    }

    fn package(&self, package: &crate::go::graph::Package<'_>) -> Package {
        let path = package.path();
        let met = self.met.get(path).map_or(&[][..], Vec::as_slice);
        let effects = met
            .iter()
            .filter_map(|i| self.findings[*i].effect.verdict());
        let builds = self.builds(package);
        let verdict = match builds {
            Builds::No => Verdict::FailsToBuild,
            Builds::Absent => Verdict::Absent,
            Builds::Unknown => Verdict::Unknown,
            Builds::Yes => effects.min().unwrap_or_else(|| self.nothing_found(path)),
        };
        Package {
            package: path.to_owned(),
            own: package.own,
            main: package.listed.name == "main",
            builds,
            verdict,
            tests: Verdict::Unknown,
            findings: met.iter().map(|i| self.findings[*i].id.clone()).collect(),
        }
    }

    /// Nothing was found: it works when it was seen to run.
    fn nothing_found(&self, path: &str) -> Verdict {
        let seen = |(target, package): &(Target, String)| *target == self.target && package == path;
        if self.build.known.behaved.iter().any(seen) {
            Verdict::Works
        } else {
            Verdict::Clean
        }
    }

    fn builds(&self, package: &crate::go::graph::Package<'_>) -> Builds {
        let path = package.path();
        let gone =
            package.listed.go_files.is_empty() && self.build.graph.importers(path).is_empty();
        let compiled = self.build.known.compiled.as_ref();
        if package.own && gone && !self.has_other_error(package) {
            Builds::Absent
        } else if self.unknown.contains(path) {
            Builds::Unknown
        } else if self.broken.contains(path) {
            Builds::No
        } else if compiled.is_some_and(|content| !content.contains(path)) {
            // The compiler gave neither an export file nor an error.
            Builds::Unknown
        } else {
            Builds::Yes
        }
    }

    /// Something else is wrong with it than that constraints leave no file.
    fn has_other_error(&self, package: &crate::go::graph::Package<'_>) -> bool {
        self.findings
            .iter()
            .any(|f| f.package == package.path() && breaks(f, self.target))
    }
}
