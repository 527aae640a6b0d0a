//! From findings to verdicts, roots, chains and a fix order.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Builds, Effect, Finding, Incomplete, ListedPackage, Package, Root, Rule, Target, TargetReport,
    Verdict,
};

use crate::scan::{Build, Judged, Settings};

/// Longest list of chains of a finding.
const MAX_CHAINS: usize = 8;

/// Findings that are equal but for their targets are one. Those that are known better on one target
/// than on another are two.
pub(crate) fn merge<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Finding> {
    let mut merged: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in findings {
        // What a program has printed stands as it is.
        let message = match finding.rule {
            Rule::Scenario => finding.message.clone(),
            _ => without_goos(&finding.message),
        };
        let key = (
            (
                finding.package.clone(),
                finding.file.clone(),
                finding.line,
                finding.column,
            ),
            (
                finding.rule,
                finding.root.clone(),
                finding.symbol.clone(),
                finding.effect,
                finding.evidence,
                message,
            ),
        );
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, finding.clone());
            }
            Some(same) => {
                same.targets.extend(&finding.targets);
                same.targets.sort();
                same.targets.dedup();
                same.init |= finding.init;
                let callers = finding.callers.iter().cloned();
                same.callers.extend(callers);
                same.callers.sort();
                same.callers.dedup();
                if same.calls.is_empty() {
                    same.calls.clone_from(&finding.calls);
                }
                if same.message != finding.message {
                    same.message = without_goos(&same.message);
                }
                let more: Vec<String> = finding
                    .details
                    .iter()
                    .filter(|d| !same.details.contains(d))
                    .cloned()
                    .collect();
                same.details.extend(more);
            }
        }
    }
    merged.into_values().collect()
}

/// A message that holds for both builds does not name one.
fn without_goos(message: &str) -> String {
    let message = message
        .replace(" on wasip1", " on wasm")
        .replace(" on js", " on wasm");
    message
        .replace("that wasip1 leaves out", "that wasm leaves out")
        .replace("that js leaves out", "that wasm leaves out")
}

/// Everything that is said of the module.
pub(crate) fn judge(
    settings: &Settings<'_>,
    builds: &[Build<'_>],
    findings: Vec<Finding>,
) -> Judged {
    let roots: Vec<(Target, Vec<Ranked>)> = builds
        .iter()
        .flat_map(|b| b.targets.iter().map(|t| (*t, rank(b, *t, &findings))))
        .collect();
    let mut findings = in_fix_order(findings, &roots);
    for (number, finding) in (1..).zip(&mut findings) {
        finding.id = format!("F{number}");
        finding.fingerprint = fingerprint(finding);
        finding.chains = chains(builds, finding);
    }
    let mut judged = Judged::default();
    for target in settings.targets {
        let Some(build) = builds.iter().find(|b| b.targets.contains(target)) else {
            continue;
        };
        let ranked = roots
            .iter()
            .find(|(t, _)| t == target)
            .map_or(&[][..], |(_, r)| r.as_slice());
        judged
            .targets
            .push(target_report(settings, build, *target, &findings, ranked));
        judged.incomplete.extend(unreachable(build, *target));
    }
    judged.findings = findings;
    judged
}

fn unreachable(build: &Build<'_>, target: Target) -> Vec<Incomplete> {
    let say = |(path, all): &(String, String)| {
        let why = all.lines().next().unwrap_or_default();
        let reason = format!(
            "`{path}` could not be had or read, so what needs it is not judged: {why}{}",
            hint(all)
        );
        Incomplete {
            stage: "load".to_owned(),
            target: Some(target),
            reason,
        }
    };
    build.unreachable.iter().map(say).collect()
}

/// What to do about a package that could not be had, by the Go command's own words.
fn hint(why: &str) -> &'static str {
    const HINTS: &[(&str, &str)] = &[
        (
            "GOPROXY=off",
            "; run without --offline, or fetch it before with `go mod download`",
        ),
        (
            "Username",
            "; for a private module set GOPRIVATE and give git your credentials",
        ),
        (
            "Authentication",
            "; for a private module set GOPRIVATE and give git your credentials",
        ),
        (
            "reading http",
            "; check the module's path and version, GOPROXY, and for a private module GOPRIVATE",
        ),
        (
            "no secure protocol found",
            "; for a private module set GOPRIVATE and give git your credentials",
        ),
        (
            "unrecognized import path",
            "; check its path and the network; for a private module set GOPRIVATE and give git your credentials",
        ),
        ("no such host", "; check the network and GOPROXY"),
        ("dial tcp", "; check the network and GOPROXY"),
        (
            "no space left",
            "; free some space, or point TMPDIR and GOCACHE to a disk that has it",
        ),
    ];
    HINTS
        .iter()
        .find(|(words, _)| why.contains(words))
        .map_or("", |(_, hint)| hint)
}

fn fingerprint(finding: &Finding) -> String {
    let targets: Vec<&str> = finding.targets.iter().map(|t| t.name()).collect();
    let text = [
        finding.rule.slug(),
        &finding.root,
        &finding.symbol,
        &targets.join(","),
    ]
    .join("\n");
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

// Roots.

/// A root with what it breaks.
struct Ranked {
    root: String,
    unblocks: usize,
    victims: usize,
    effort: u32,
}

fn breaks(finding: &Finding, target: Target) -> bool {
    finding.effect == Effect::FailsToBuild && finding.targets.contains(&target)
}

/// The roots of a target, best to mend first.
fn rank(build: &Build<'_>, target: Target, findings: &[Finding]) -> Vec<Ranked> {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut effort: BTreeMap<&str, u32> = BTreeMap::new();
    for finding in findings.iter().filter(|f| breaks(f, target)) {
        places
            .entry(&finding.root)
            .or_default()
            .insert(origin(finding));
        let most = effort.entry(&finding.root).or_default();
        *most = (*most).max(points(finding.rule));
    }
    let own = |path: &&str| build.graph.get(path).is_some_and(|p| p.own);
    let mut through: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (root, places) in &places {
        let places = places.iter().filter_map(|p| build.graph.key(p));
        for victim in build
            .graph
            .closure_of_importers(places)
            .into_iter()
            .filter(own)
        {
            through.entry(victim).or_default().push(root);
        }
    }
    let mut ranked: Vec<Ranked> = places
        .keys()
        .map(|root| Ranked {
            root: (*root).to_owned(),
            unblocks: through
                .values()
                .filter(|roots| roots.as_slice() == [*root])
                .count(),
            victims: through
                .values()
                .filter(|roots| roots.contains(root))
                .count(),
            effort: effort.get(root).copied().unwrap_or(0),
        })
        .collect();
    ranked.sort_by(|a, b| {
        (b.unblocks, b.victims, a.effort, &a.root).cmp(&(a.unblocks, a.victims, b.effort, &b.root))
    });
    ranked
}

/// Effort points: a first guess by rule, before advice is known. 1 is a line, 8 another design.
fn points(rule: Rule) -> u32 {
    match rule {
        Rule::SyscallJs | Rule::Syntax | Rule::Redeclared | Rule::MissingMain => 1,
        Rule::UndefinedName | Rule::MissingMember | Rule::MissingBody | Rule::LoadError => 2,
        Rule::MissingPackage
        | Rule::UndefinedImportedName
        | Rule::ExcludedPackage
        | Rule::RefusedLinkname
        | Rule::Compiler => 3,
        Rule::StdBehaviour | Rule::Crash | Rule::Scenario => 5,
        Rule::Cgo | Rule::Stub => 8,
    }
}

fn in_fix_order(mut findings: Vec<Finding>, roots: &[(Target, Vec<Ranked>)]) -> Vec<Finding> {
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, ranked) in roots {
        for (index, root) in ranked.iter().enumerate() {
            let best = place.entry(&root.root).or_insert(index);
            *best = (*best).min(index);
        }
    }
    findings.sort_by_cached_key(|f| {
        let rank = if f.effect == Effect::FailsToBuild {
            place.get(f.root.as_str()).copied().unwrap_or(usize::MAX)
        } else {
            0
        };
        (
            f.effect,
            rank,
            !f.init,
            f.version.is_some(),
            f.root.clone(),
            f.package.clone(),
            f.file.clone(),
            (f.line, f.column, f.symbol.clone()),
        )
    });
    findings
}

// Chains.

/// Import chains from the own packages to the root, mains first, each group shortest first.
fn chains(builds: &[Build<'_>], finding: &Finding) -> Vec<Vec<String>> {
    let build = builds
        .iter()
        .find(|b| b.targets.iter().any(|t| finding.targets.contains(t)));
    let place = build.and_then(|b| {
        let graph = &b.graph;
        let place = graph.key(origin(finding));
        Some((b, place.or_else(|| graph.key(&finding.package))?))
    });
    let Some((build, place)) = place else {
        return Vec::new();
    };
    // The root ends every chain, also where the failure shows in another package.
    let root = (finding.root != place).then_some(finding.root.as_str());
    let chains = build.graph.chains_to(place).into_iter().take(MAX_CHAINS);
    let whole = |(_, chain): (bool, Vec<&str>)| {
        let steps = chain.into_iter().chain(root);
        steps.map(str::to_owned).collect()
    };
    chains.map(whole).collect()
}

// Verdicts.

fn target_report(
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
pub(crate) fn percent(part: usize, whole: usize) -> Option<f64> {
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

    fn package(&self, package: &crate::graph::Package<'_>) -> Package {
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
        if self.build.behaved.iter().any(seen) {
            Verdict::Works
        } else {
            Verdict::Clean
        }
    }

    fn builds(&self, package: &crate::graph::Package<'_>) -> Builds {
        let path = package.path();
        let gone =
            package.listed.go_files.is_empty() && self.build.graph.importers(path).is_empty();
        let compiled = self.build.compiled.as_ref();
        if package.own && gone && !self.has_other_error(package) {
            Builds::Absent
        } else if self.unknown.contains(path) {
            Builds::Unknown
        } else if self.broken.contains(path) {
            Builds::No
        } else if compiled.is_some_and(|content| !content.contains(path)) {
            // The compiler was asked, and said neither yes nor why not.
            Builds::Unknown
        } else {
            Builds::Yes
        }
    }

    /// Something else is wrong with it than that constraints leave no file.
    fn has_other_error(&self, package: &crate::graph::Package<'_>) -> bool {
        self.findings
            .iter()
            .any(|f| f.package == package.path() && breaks(f, self.target))
    }
}

/// Where a failure starts to spread. A package without files has one finding, at one import of
/// it, and breaks all of its importers.
fn origin(finding: &Finding) -> &str {
    match finding.rule {
        Rule::Cgo | Rule::ExcludedPackage => &finding.root,
        _ => &finding.package,
    }
}

/// The packages that a finding in one package is a finding of.
///
/// What does not build breaks everything that imports it; a stub fails for those that call it.
/// Other calls that fail are those of the package itself, and of the own packages from which
/// calls lead to it.
///
/// A call to nobody also breaks the mains whose wasm has it.
fn reach<'b>(build: &'b Build<'_>, finding: &Finding) -> BTreeSet<&'b str> {
    let graph = &build.graph;
    let Some(place) = graph
        .key(origin(finding))
        .or_else(|| graph.key(&finding.package))
    else {
        return BTreeSet::new();
    };
    match (finding.effect, finding.rule) {
        (Effect::FailsToBuild, _) => graph.closure_of_importers([place]),
        (Effect::LinksBroken, _) => {
            let mut reached = graph.closure_of_importers([place]);
            reached.retain(|path| *path == place || build.broken_mains.contains(*path));
            reached
        }
        (_, Rule::Stub) => graph
            .importers(place)
            .iter()
            .copied()
            .chain([place])
            .collect(),
        _ => {
            let callers = finding.callers.iter().filter_map(|path| graph.key(path));
            callers.chain([place]).collect()
        }
    }
}
