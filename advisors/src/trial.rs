//! What is worth trying: for each module that keeps packages from building, another version of it,
//! another module in its place, a build tag.

use std::collections::{BTreeMap, BTreeSet};

use model::{Edit, Effect, Finding, Goos, Report, Rule, Target};

use crate::catalogue::Catalogue;

/// A module to mend, and what mending it must achieve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The module whose source does not build.
    pub module: String,
    /// The version in use; none when it is not known.
    pub version: Option<String>,
    /// It is the module being checked.
    pub own: bool,
    /// None of the findings lies in it: what it lacks keeps others from building.
    pub is_blamed: bool,
    /// Ids of the findings in it.
    pub findings: Vec<String>,
    /// For each build, the packages that must compile: those at fault, and those of the module
    /// being checked that fail through them alone.
    pub packages: BTreeMap<Goos, BTreeSet<String>>,
    /// The targets on which they fail.
    pub targets: Vec<Target>,
    /// The version that the catalogue expects to be good.
    pub boundary: Option<String>,
    /// The [`Edit::Replace`] that puts in its place what the catalogue names.
    pub replace: Option<Edit>,
    /// Build tags that select other files of the packages at fault.
    pub tags: Vec<String>,
}

impl Trial {
    /// A dependency of which nothing but other versions is to be tried, for nothing yet.
    pub fn of_versions(module: String, version: String) -> Self {
        Self {
            module,
            version: Some(version),
            own: false,
            is_blamed: false,
            findings: Vec::new(),
            packages: BTreeMap::new(),
            targets: Vec::new(),
            boundary: None,
            replace: None,
            tags: Vec::new(),
        }
    }
}

/// The modules, with their versions, of dependencies that are to blame, by import path.
pub type Blamed = BTreeMap<String, (String, Option<String>)>;

impl Catalogue {
    /// Find what is worth trying, what unblocks most first: modules in which something fails before those that are
    /// only to blame for what fails elsewhere. The module being checked comes last, since its own newer versions are
    /// no news to those who work on it. `tags` are the tags that the source of a package knows.
    pub fn trials(
        &self,
        report: &Report,
        tags: &BTreeMap<String, BTreeSet<String>>,
        blamed: &Blamed,
    ) -> Vec<Trial> {
        let mut groups: BTreeMap<(&str, Option<&str>), Vec<&Finding>> = BTreeMap::new();
        for finding in report.findings.iter().filter(|f| can_be_tried(f)) {
            let version = finding.version.as_deref();
            groups
                .entry((&finding.module, version))
                .or_default()
                .push(finding);
            let blamed = blamed.get(&finding.root);
            if let Some((module, version)) = blamed.filter(|(m, _)| *m != finding.module) {
                let group = groups.entry((module, version.as_deref())).or_default();
                group.push(finding);
            }
        }
        let mut trials: Vec<(usize, Trial)> = groups
            .into_iter()
            .map(|((module, version), findings)| {
                trial(self, report, module, version, &findings, tags)
            })
            .collect();
        trials.sort_by(|(a_count, a), (b_count, b)| {
            let a = (a.own, a.is_blamed, b_count, &a.module);
            a.cmp(&(b.own, b.is_blamed, a_count, &b.module))
        });
        trials.into_iter().map(|(_, trial)| trial).collect()
    }
}

/// A broken build that another version could mend.
fn can_be_tried(finding: &Finding) -> bool {
    let hopeless = [Rule::MissingPackage, Rule::Syntax];
    finding.effect == Effect::FailsToBuild
        && finding.module != "std"
        && !hopeless.contains(&finding.rule)
}

/// The packages of findings, by the build that they fail on.
fn packages(findings: &[&Finding]) -> BTreeMap<Goos, BTreeSet<String>> {
    let mut packages: BTreeMap<Goos, BTreeSet<String>> = BTreeMap::new();
    for finding in findings {
        for target in &finding.targets {
            let of_build = packages.entry(target.goos()).or_default();
            of_build.insert(finding.package.clone());
        }
    }
    packages
}

/// The least version that the catalogue knows to be good.
fn boundary(catalogue: &Catalogue, findings: &[&Finding]) -> Option<String> {
    let mut remedies = findings.iter().flat_map(|f| catalogue.remedies(f));
    remedies.find_map(|r| match &r.edit {
        Some(Edit::Require { version, .. }) => Some(version.clone()),
        _ => None,
    })
}

/// What the catalogue puts in the place of a module. The entry may be that of the root, while the
/// finding lies in another module.
fn replacement(catalogue: &Catalogue, module: &str, findings: &[&Finding]) -> Option<Edit> {
    let mut remedies = findings.iter().flat_map(|f| catalogue.remedies(f));
    remedies.find_map(|r| match &r.edit {
        Some(Edit::Replace { with, version, .. }) => Some(Edit::Replace {
            module: module.to_owned(),
            with: with.clone(),
            version: version.clone(),
        }),
        _ => None,
    })
}

/// A trial, and how many own packages it unblocks.
fn trial(
    catalogue: &Catalogue,
    report: &Report,
    module: &str,
    version: Option<&str>,
    findings: &[&Finding],
    tags: &BTreeMap<String, BTreeSet<String>>,
) -> (usize, Trial) {
    let own = module == report.module.path;
    let ids: BTreeSet<&str> = findings.iter().map(|f| f.id.as_str()).collect();
    let breaking: BTreeSet<&str> = breaking(report);
    let mut packages = packages(findings);
    let mut unblocked = 0;
    for target in &report.targets {
        let Some(wanted) = packages.get_mut(&target.target.goos()) else {
            continue;
        };
        for package in target
            .packages
            .iter()
            .filter(|p| p.own && !p.findings.is_empty())
        {
            let through: Vec<&str> = package
                .findings
                .iter()
                .map(String::as_str)
                .filter(|id| breaking.contains(id))
                .collect();
            let fails = package.builds == model::Builds::No && !through.is_empty();
            let alone = fails && through.iter().all(|id| ids.contains(id));
            unblocked += usize::from(alone);
            // Of another version of the module itself, what is at fault tells enough.
            if alone && !own {
                wanted.insert(package.package.clone());
            }
        }
    }
    let targets: BTreeSet<Target> = findings
        .iter()
        .flat_map(|f| f.targets.iter().copied())
        .collect();
    let known = findings
        .iter()
        .filter_map(|f| tags.get(&f.package))
        .flatten();
    let named = findings.iter().flat_map(|f| catalogue.remedies(f));
    let named = named.flat_map(|remedy| &remedy.tags);
    let trial = Trial {
        module: module.to_owned(),
        version: version
            .or(report.module.version.as_deref().filter(|_| own))
            .map(str::to_owned),
        own,
        is_blamed: findings.iter().all(|f| f.module != module),
        findings: findings.iter().map(|f| f.id.clone()).collect(),
        packages,
        targets: targets.into_iter().collect(),
        boundary: boundary(catalogue, findings),
        replace: replacement(catalogue, module, findings).filter(|_| !own),
        tags: known
            .chain(named)
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    };
    (unblocked, trial)
}

/// Ids of the findings that break builds.
fn breaking(report: &Report) -> BTreeSet<&str> {
    let breaking = report
        .findings
        .iter()
        .filter(|f| f.effect == Effect::FailsToBuild);
    breaking.map(|f| f.id.as_str()).collect()
}
