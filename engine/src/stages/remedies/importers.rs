//! Where no version of a module helps: other versions of the modules that import it, which may do without it.

use std::collections::{BTreeMap, BTreeSet};

use advisors::Trial;
use model::{Goos, Listing, Report};

use super::{TrialWork, needs};
use crate::paths::is_inside;

/// Most importing modules of one module that are tried.
const IMPORTERS: usize = 3;

impl TrialWork<'_, '_> {
    /// Try the modules through which the module at fault is imported, those that import it themselves first, for builds
    /// that no version of it helps.
    pub(super) fn importers(&mut self, report: &mut Report) {
        let Some(packages) = self.unmended() else {
            return;
        };
        for (module, version) in self.importing(&packages) {
            if self.checkup.is_over() {
                self.over = true;
                return;
            }
            let targets = self.trial.targets.iter().copied();
            let trial = Trial {
                findings: self.trial.findings.clone(),
                packages: packages.clone(),
                targets: targets
                    .filter(|t| packages.contains_key(&t.goos()))
                    .collect(),
                ..Trial::of_versions(module, version)
            };
            let mut work = TrialWork::new(self.checkup, &trial);
            work.imports = Some(&self.trial.module);
            work.upgrade(report);
            self.over |= work.over;
            self.asked &= work.asked;
            self.ended.append(&mut work.ended);
            let is_good = work.any_good();
            self.of_importers.extend(work.attempts());
            if is_good {
                self.is_mended_by_importer = true;
                return;
            }
        }
    }

    /// The packages of the module being checked that fail because of the module at fault, by builds that nothing was
    /// found for.
    fn unmended(&self) -> Option<BTreeMap<Goos, BTreeSet<String>>> {
        if self.trial.own {
            return None;
        }
        let own = |packages: &BTreeSet<String>| -> BTreeSet<String> {
            let own = packages
                .iter()
                .filter(|p| is_inside(self.checkup.module, p));
            own.cloned().collect()
        };
        let is_mended = |goos: Goos| {
            self.memo
                .iter()
                .any(|((_, g), t)| *g == goos && t.is_good())
        };
        let unmended = self
            .trial
            .packages
            .iter()
            .filter(|(goos, _)| !is_mended(**goos));
        let unmended = unmended.map(|(goos, packages)| (*goos, own(packages)));
        let unmended: BTreeMap<Goos, BTreeSet<String>> =
            unmended.filter(|(_, p)| !p.is_empty()).collect();
        (!unmended.is_empty()).then_some(unmended)
    }

    /// The modules on the ways from the module at fault to packages of the module being checked, with their versions.
    fn importing(&self, packages: &BTreeMap<Goos, BTreeSet<String>>) -> Vec<(String, String)> {
        let mut importing: Vec<(String, String)> = Vec::new();
        for (goos, listing) in self.checkup.builds.wasm() {
            let Some(own) = packages.get(&goos) else {
                continue;
            };
            let found = modules_above(listing, &self.trial.module, own);
            for module in found {
                if !importing.contains(&module) {
                    importing.push(module);
                }
            }
        }
        importing.truncate(IMPORTERS);
        importing
    }
}

/// The dependencies that lead from packages to a module, by how many imports they lie away from it, the least first.
fn modules_above(
    listing: &Listing,
    module: &str,
    from: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let packages = listing.packages.iter();
    let of_path = packages.map(|p| (p.import_path.as_str(), p)).collect();
    let below = needs(from, &of_path);
    let of_module = |path: &&str| {
        let package = of_path.get(path);
        let module_of = package.and_then(|p| p.module.as_ref());
        module_of.is_some_and(|m| m.path == module)
    };
    let mut seen: BTreeSet<&str> = below.iter().map(String::as_str).filter(of_module).collect();
    let mut layer = seen.clone();
    let mut modules: Vec<(String, String)> = Vec::new();
    while !layer.is_empty() {
        let importers = listing.packages.iter().filter(|p| {
            below.contains(p.import_path.as_str())
                && !seen.contains(p.import_path.as_str())
                && p.imports.iter().any(|i| layer.contains(i.as_str()))
        });
        let importers: Vec<_> = importers.collect();
        for module in importers.iter().filter_map(|p| p.module.as_ref()) {
            let named = (module.path.clone(), module.version.clone());
            if !module.main && !module.version.is_empty() && !modules.contains(&named) {
                modules.push(named);
            }
        }
        layer = importers.iter().map(|p| p.import_path.as_str()).collect();
        seen.extend(&layer);
    }
    modules.retain(|(path, _)| path != module);
    modules
}
