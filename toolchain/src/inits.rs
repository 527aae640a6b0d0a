//! Programs that import packages for their initialisation alone.

use camino::Utf8Path;
use model::Goos;

use crate::error::Error;
use crate::session::{Linked, Platform, Session};

/// What a program of [`Session::link_inits`] prints on standard error before the number of goroutines
/// that the initialisation has left running, when there are any.
pub const INIT_GOROUTINES: &str = "wasmcheck: goroutines after initialisation:";

impl Session {
    /// Link a program that imports packages for their initialisation alone.
    ///
    /// It lies inside the module, in a directory that only an overlay has, so that it may import
    /// what is internal to it; `below` is the directory, relative to the module's root.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    pub fn link_inits(
        &self,
        goos: Goos,
        below: &Utf8Path,
        packages: &[String],
        number: usize,
    ) -> Result<Linked, Error> {
        let base = self.scratch();
        let name = format!("wasmcheck_init_{goos}_{number}");
        let (source, overlay) = (
            base.join(&name).with_extension("go"),
            base.join(&name).with_extension("json"),
        );
        let imports: String = packages
            .iter()
            .fold(String::new(), |text, p| text + "\t_ \"" + p + "\"\n");
        let main = format!(
            "package main\n\nimport (\n\t\"runtime\"\n{imports})\n\nfunc main() {{\n\tif n := runtime.NumGoroutine(); n > 1 {{\n\t\tprintln(\"{INIT_GOROUTINES}\", n-1)\n\t}}\n}}\n"
        );
        std::fs::write(&source, main).map_err(Error::Scratch)?;
        let there = self.root().join(below).join(&name).join("main.go");
        let mut replace = self.overlay.clone();
        replace.insert(there, source);
        let replace = serde_json::json!({ "Replace": replace });
        std::fs::write(&overlay, replace.to_string()).map_err(Error::Scratch)?;
        let flag = format!("-overlay={overlay}");
        let package = Utf8Path::new(".").join(below).join(&name);
        let file = base.join(&name).with_extension("wasm");
        self.build(
            self.go(),
            Platform::Wasm(goos),
            &[&flag],
            &format!("./{}", package.as_str().trim_start_matches("./")),
            &file,
        )
    }
}
