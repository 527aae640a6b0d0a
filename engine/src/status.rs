//! The exit status that a report stands for.

use model::{Effect, ExitStatus, Report, TargetReport, Verdict};

/// The exit status: findings from the effect `threshold` on, then targets without a verdict; with
/// `strict`, own packages without one count, too.
pub fn exit_status(report: &Report, threshold: Option<Effect>, strict: bool) -> ExitStatus {
    let threshold = threshold.and_then(Effect::verdict);
    let fails = |t: &TargetReport| threshold.is_some_and(|v| is_hit(t, v));
    let unknown = |t: &TargetReport| t.verdict == Verdict::Unknown;
    let partly = |t: &TargetReport| {
        let mut own = t.packages.iter().filter(|p| p.own);
        own.any(|p| p.verdict == Verdict::Unknown)
    };
    if report.targets.iter().any(fails) {
        ExitStatus::Findings
    } else if report.targets.iter().any(unknown) || (strict && report.targets.iter().any(partly)) {
        ExitStatus::NoVerdict
    } else {
        ExitStatus::Clean
    }
}

/// Whether a target is as bad as a verdict, or worse.
fn is_hit(target: &TargetReport, threshold: Verdict) -> bool {
    // A module of which nothing is left does not build, whatever `go build` says of it.
    if target.verdict <= threshold || target.verdict == Verdict::Absent {
        return true;
    }
    // Tests that were asked for count as the packages do; those without a verdict do not.
    let failed = [
        Verdict::FailsToBuild,
        Verdict::FailsAtRunTime,
        Verdict::SilentlyDifferent,
    ];
    let own = target.packages.iter().filter(|p| p.own).map(|p| p.tests);
    let mut counted = own.filter(|v| failed.contains(v));
    counted.any(|tests| tests <= threshold)
}
