//! From findings to verdicts, roots, chains and a fix order.

mod chains;
mod fingerprint;
mod fix_order;
mod merge;
mod reach;
mod targets;
mod unreachable;

use camino::Utf8Path;
use model::{Effect, Finding, Incomplete, Rule, Target, TargetReport};

use self::chains::chains;
use self::fingerprint::{FindingSite, fingerprint};
use self::fix_order::{Ranked, in_fix_order, rank};
use self::merge::merge;
use self::targets::target_report;
use self::unreachable::unreachable;
use crate::build::Build;
use crate::context::{on_builds, sentence};
use crate::go::source::Sources;
use crate::settings::Settings;
use crate::system::Quotable;

/// The verdicts and findings of a module.
#[derive(Debug, Default)]
pub struct Judged {
    /// One entry per target that could be listed.
    pub targets: Vec<TargetReport>,
    /// In fix order, with ids and chains, without advice.
    pub findings: Vec<Finding>,
    /// What could not be found out.
    pub incomplete: Vec<Incomplete>,
}

/// All verdicts and findings of the module.
pub(crate) fn judge(
    settings: &Settings<'_>,
    builds: &[Build<'_>],
    sources: &Sources<'_>,
) -> Judged {
    let findings = merge(builds.iter().flat_map(|b| &b.known.findings));
    let roots: Vec<(Target, Vec<Ranked>)> = builds
        .iter()
        .flat_map(|b| b.targets.iter().map(|t| (*t, rank(b, *t, &findings))))
        .collect();
    let mut findings = in_fix_order(findings, &roots);
    fingerprint(&mut findings, |finding| site(builds, sources, finding));
    for (number, finding) in (1..).zip(&mut findings) {
        finding.id = format!("F{number}");
        finding.message = sentence(finding);
        finding.what = on_builds(&finding.what, &finding.targets);
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

/// Where a finding stands in the source.
fn site(builds: &[Build<'_>], sources: &Sources<'_>, finding: &Finding) -> FindingSite {
    let mut builds = builds.iter();
    let build = builds.find(|b| b.targets.iter().any(|t| finding.targets.contains(t)));
    let package = build.and_then(|b| b.graph.get(&finding.package));
    let name = Utf8Path::new(&finding.file).file_name();
    match (package, name, finding.line) {
        (Some(package), Some(name), line @ 1..) => {
            let path = package.file_path(name);
            if sources.quotable(&path) == Some(Quotable::Nothing) {
                // Whoever knows a hash of a line can guess the line.
                return FindingSite::default();
            }
            FindingSite::of(&sources.get(&path).facts, line, finding.column)
        }
        _ => FindingSite::default(),
    }
}

fn breaks(finding: &Finding, target: Target) -> bool {
    finding.effect == Effect::FailsToBuild && finding.targets.contains(&target)
}

/// Where a failure starts to spread. A package without files has one finding, at one import of
/// it, and breaks all of its importers.
fn origin(finding: &Finding) -> &str {
    match finding.rule {
        Rule::Cgo | Rule::ExcludedPackage => &finding.root,
        _ => &finding.package,
    }
}
