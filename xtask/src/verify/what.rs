//! What came of a check.

use std::path::Path;

use advisors::file::Shape;
use anyhow::Result;

use super::go::Scratch;
use super::plan::{Fixed, Runs, State};
use super::record::{Level, Suite};

/// How far it got, and what was said.
#[derive(Clone)]
pub(super) struct Came {
    pub(super) level: Level,
    pub(super) good: bool,
    pub(super) said: Option<String>,
    /// A program ran.
    pub(super) ran: bool,
}

impl Came {
    fn bad(level: Level, said: &str) -> Self {
        Self {
            level,
            good: false,
            said: Some(first_error(said, &[])),
            ran: false,
        }
    }
}

/// What a program that only imports prints.
const INITIALISED: &str = "initialised";
/// What Go says of a package without files.
const EXCLUDED: &str = "build constraints exclude all Go files";

/// What Go says of a golang.org/x/sys before v0.27, and a version after it.
const OLD_SYS: &str = "golang.org/x/sys/unix: build constraints exclude all Go files";
const NEW_SYS: &str = "golang.org/x/sys@v0.46.0";

/// What came of building a package.
#[derive(Clone)]
pub(super) struct Built {
    /// The module is there.
    got: bool,
    builds: bool,
    said: String,
}

/// Require and build a package.
pub(super) fn build(scratch: &Scratch<'_>, package: &str, version: &str) -> Result<Built> {
    let (got, said) = scratch.get(&[format!("{package}@{version}")])?;
    let mut built = Built {
        got,
        builds: false,
        said,
    };
    if !got {
        return Ok(built);
    }
    let args = ["build", "-p", "1", "-gcflags=-e", package];
    (built.builds, built.said) = scratch.go(&args)?;
    if built.said.contains(OLD_SYS) {
        // A newer one is empty on wasm, and the compiler names what is missing.
        scratch.get(&[NEW_SYS.to_owned()])?;
        let (builds, more) = scratch.go(&args)?;
        built.builds = builds;
        built.said = format!("{}\n{more}", built.said);
    }
    Ok(built)
}

/// Whether a package fails as it should.
pub(super) fn fails(scratch: &Scratch<'_>, state: &State, built: Built) -> Result<Came> {
    let State {
        package,
        shape,
        texts,
        ..
    } = state;
    let Built { got, builds, said } = built;
    if !got {
        return Ok(Came::bad(Level::List, &said));
    }
    let has = |said: &str| texts.iter().all(|text| said.contains(text.as_str()));
    let (level, good, said) = match shape {
        Shape::Excluded => (
            Level::List,
            !builds && said.contains(EXCLUDED) && has(&said),
            said,
        ),
        Shape::Partial => (
            Level::Typecheck,
            !builds && !texts.is_empty() && has(&said),
            said,
        ),
        Shape::Hollow => hollow(scratch, package, texts, builds, said)?,
        Shape::Stub => {
            let (found, why) = stub(scratch, package, texts)?;
            (
                Level::Build,
                builds && found,
                if builds { why } else { said },
            )
        }
    };
    Ok(Came {
        level,
        good,
        said: Some(first_error(&said, texts)).filter(|s| !s.is_empty()),
        ran: false,
    })
}

/// Whether a package builds without names that it declares elsewhere.
fn hollow(
    scratch: &Scratch<'_>,
    package: &str,
    texts: &[String],
    builds: bool,
    said: String,
) -> Result<(Level, bool, String)> {
    if !builds {
        return Ok((Level::Typecheck, false, said));
    }
    let mut all = String::new();
    let left_out = "{{$d := .Dir}}{{range .CgoFiles}}{{$d}}/{{.}}\n{{end}}{{range .IgnoredGoFiles}}{{$d}}/{{.}}\n{{end}}";
    let (_, files) = scratch.go(&["list", "-e", "-f", left_out, package])?;
    let source: String = files.lines().filter_map(|f| read(Path::new(f))).collect();
    for text in texts {
        let name = text.rsplit(' ').next().unwrap_or_default();
        let Some((qualifier, name)) = name.split_once('.') else {
            return Ok((
                Level::Typecheck,
                false,
                format!("`{text}` names no name of a package"),
            ));
        };
        let declared = source
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|w| w == name);
        if !declared {
            return Ok((
                Level::Typecheck,
                false,
                format!("no file that is left out has `{name}`"),
            ));
        }
        scratch.main(&format!(
            "package main\n\nimport {qualifier} \"{package}\"\n\nvar _ {qualifier}.{name}\n\nfunc main() {{}}\n"
        ))?;
        let (_, said) = scratch.go(&["build", "-p", "1", "-o", "x.wasm", "."])?;
        if !said.contains(text.as_str()) {
            return Ok((Level::Typecheck, false, said));
        }
        all += &said;
    }
    Ok((Level::Typecheck, !texts.is_empty(), all))
}

/// Whether the source of a package has the texts of a stub, in the files of the build.
fn stub(scratch: &Scratch<'_>, package: &str, texts: &[String]) -> Result<(bool, String)> {
    let files = "{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}\n{{end}}";
    let (_, files) = scratch.go(&["list", "-f", files, package])?;
    let source: String = files.lines().filter_map(|f| read(Path::new(f))).collect();
    let missing = texts.iter().find(|t| !source.contains(t.as_str()));
    let why = missing.map(|t| format!("no file has `{t}`"));
    Ok((!texts.is_empty() && why.is_none(), why.unwrap_or_default()))
}

fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// Whether a program with a remedy links and runs.
pub(super) fn runs(scratch: &Scratch<'_>, wanted: &Runs) -> Result<Came> {
    let Runs {
        package,
        module,
        versions,
        replace,
        tags,
        probe,
    } = wanted;
    let blank = format!(
        "package main\n\nimport _ \"{package}\"\n\nfunc main() {{ println(\"{INITIALISED}\") }}\n"
    );
    let text = probe.as_ref().unwrap_or(&blank);
    scratch.main(text)?;
    if let Some(replace) = replace {
        scratch.go(&["mod", "edit", "-replace", replace])?;
    }
    let tags = format!("-tags={}", tags.join(","));
    let mut level = Level::List;
    let latest = ["latest".to_owned()];
    let versions = if versions.is_empty() {
        &latest[..]
    } else {
        versions
    };
    for (i, version) in versions.iter().enumerate() {
        let mut all = Vec::new();
        if !module.is_empty() {
            all.push(format!("{module}@{version}"));
        }
        let named = text.lines().filter_map(|l| l.strip_prefix("// requires: "));
        all.extend(named.map(str::to_owned));
        if !all.is_empty() {
            let (got, said) = scratch.get(&all)?;
            if !got {
                return Ok(Came::bad(level, &said));
            }
        }
        let last = i + 1 == versions.len();
        // An older version must build; the last one is linked and run.
        let what = if last { "." } else { package.as_str() };
        let (built, said) = scratch.go(&["build", "-p", "1", &tags, "-o", "x.wasm", what])?;
        if !built {
            let linker = said.contains("link: ") || said.contains("relocation target");
            return Ok(Came::bad(if linker { Level::Build } else { level }, &said));
        }
        level = Level::Build;
    }
    let (ran, said) = scratch.run()?;
    let good = ran && (probe.is_some() || said.contains(INITIALISED));
    Ok(Came {
        level: match (good, probe) {
            (false, _) => Level::Link,
            (true, None) => Level::Run,
            (true, Some(_)) => Level::Probe,
        },
        good,
        said: (!good).then(|| first_error(&said, &[])),
        ran: true,
    })
}

/// What comes of the tests of a package, with `-short`.
pub(super) fn suite(scratch: &Scratch<'_>, wanted: &Runs) -> Result<Suite> {
    let mut suite = Suite::default();
    scratch.main(&format!(
        "package main\n\nimport _ \"{}\"\n\nfunc main() {{}}\n",
        wanted.package
    ))?;
    if let Some(replace) = &wanted.replace {
        scratch.go(&["mod", "edit", "-replace", replace])?;
    }
    if !wanted.module.is_empty() {
        let at = wanted.versions.last().map_or("latest", String::as_str);
        let (got, said) = scratch.get(&[format!("{}@{at}", wanted.module)])?;
        if !got {
            suite.ended = Some(first_error(&said, &[]));
            return Ok(suite);
        }
    }
    let tags = format!("-tags={}", wanted.tags.join(","));
    let (good, said) = scratch.test(&wanted.package, &tags)?;
    let named = |line: &str, how: &str| {
        let rest = line.strip_prefix(how)?;
        rest.split(' ').next().map(str::to_owned)
    };
    let lines = said.lines();
    suite.passed = lines.clone().filter_map(|l| named(l, "--- PASS: ")).count();
    suite.failed = lines.filter_map(|l| named(l, "--- FAIL: ")).collect();
    let ended = !good && suite.failed.is_empty();
    suite.ended = ended.then(|| {
        let said = first_error(&said, &["wasmcheck: ".to_owned()]);
        // Without the file of the test binary, which lies somewhere else each time.
        let parts = said.split_once(".test: ");
        parts.map_or(said.clone(), |(_, why)| why.to_owned())
    });
    Ok(suite)
}

/// Whether a program links and runs that uses a module which fails, once `wasmcheck fix` has changed it.
pub(super) fn fixed(scratch: &Scratch<'_>, wanted: &Fixed) -> Result<Came> {
    scratch.main(&wanted.probe)?;
    let (got, said) = scratch.get(&[format!("{}@{}", wanted.module, wanted.version)])?;
    if !got {
        return Ok(Came::bad(Level::List, &said));
    }
    let (fixed, said) = scratch.fix()?;
    let required = wanted.requires.split('@').next().unwrap_or_default();
    if !fixed
        || !said.contains(&format!(
            "{required} does the work on wasm, and C elsewhere"
        ))
    {
        return Ok(Came::bad(Level::Typecheck, &said));
    }
    if !scratch.has(&wanted.adapter)? {
        return Ok(Came::bad(Level::Typecheck, "the copy has not the adapter"));
    }
    let (built, said) = scratch.go(&["build", "-p", "1", "-o", "x.wasm", "."])?;
    if !built {
        return Ok(Came::bad(Level::Typecheck, &said));
    }
    let (good, said) = scratch.run()?;
    Ok(Came {
        level: if good { Level::Probe } else { Level::Link },
        good,
        said: (!good).then(|| first_error(&said, &[])),
        ran: true,
    })
}

/// The line that tells most: one with a text that was looked for, or the first that is no heading.
fn first_error(said: &str, texts: &[String]) -> String {
    let named = |l: &&str| texts.iter().any(|t| l.contains(t.as_str()));
    let heading = |l: &&str| !l.starts_with('#') && !l.starts_with("package ") && !l.is_empty();
    let mut lines = said.lines();
    let line = lines.clone().find(named).or_else(|| lines.find(heading));
    line.unwrap_or_default().trim().to_owned()
}
