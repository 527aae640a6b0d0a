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

#[cfg(test)]
mod tests {
    use model::{Level, Module, SCHEMA, Target, Tool};

    use super::*;

    fn report(verdict: Verdict) -> Report {
        Report {
            schema: SCHEMA,
            tool: Tool {
                name: "wasmcheck".to_owned(),
                version: String::new(),
            },
            module: Module {
                path: "example.com/m".to_owned(),
                version: None,
            },
            go: String::new(),
            level: Level::Run,
            targets: vec![TargetReport {
                target: Target::Wasip1,
                verdict,
                builds_percent: None,
                works_percent: None,
                packages: Vec::new(),
                roots: Vec::new(),
            }],
            findings: Vec::new(),
            advice: Vec::new(),
            wasm: Vec::new(),
            observations: Vec::new(),
            incomplete: Vec::new(),
        }
    }

    #[test]
    fn the_threshold_decides_what_is_a_finding() {
        let run_time = Some(Effect::FailsAtRunTime);
        let status = |verdict, threshold| exit_status(&report(verdict), threshold, false);
        assert_eq!(
            status(Verdict::FailsToBuild, run_time),
            ExitStatus::Findings
        );
        assert_eq!(status(Verdict::Absent, run_time), ExitStatus::Findings);
        assert_eq!(status(Verdict::FailsAtRunTime, None), ExitStatus::Clean);
        assert_eq!(
            status(Verdict::SilentlyDifferent, run_time),
            ExitStatus::Clean
        );
        assert_eq!(status(Verdict::Unknown, run_time), ExitStatus::NoVerdict);
        assert_eq!(status(Verdict::Unknown, None), ExitStatus::NoVerdict);
    }
}
