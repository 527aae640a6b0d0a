//! `cargo xtask e2e`: the page in Chromium, the claims about Node under Node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use fixtures::Fixture;
use serde_json::Value;
use tempfile::TempDir;

type Check = fn(&World) -> Result<()>;

/// Run all of it.
pub(crate) fn run(wasmcheck: &Path) -> Result<()> {
    let checks: [(&str, Check); 6] = [
        (
            "the page shows a report without running what stands in it",
            hostile_page,
        ),
        ("the page is readable in light and dark", light_and_dark),
        ("what is said of Node is what Node does", node_truth),
        (
            "programs run under Node when the user allows it",
            under_node,
        ),
        (
            "programs and tests run in a page when the user allows it",
            in_a_page,
        ),
        ("the page shows what ran and what was tried", proof_page),
    ];
    for (what, check) in checks {
        let world = World {
            wasmcheck: wasmcheck.to_owned(),
            dir: TempDir::new()?,
        };
        check(&world).with_context(|| what.to_owned())?;
        eprintln!("xtask: e2e: {what} ... ok");
    }
    eprintln!("\n{} passed, 0 failed", checks.len());
    Ok(())
}

struct World {
    wasmcheck: PathBuf,
    dir: TempDir,
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Scan a fixture, and write a report beside it.
    fn check(&self, fixture: &Fixture, report: &str) -> Result<PathBuf> {
        self.check_with(fixture, report, &["--level", "scan"])
    }

    fn check_with(&self, fixture: &Fixture, report: &str, args: &[&str]) -> Result<PathBuf> {
        let module = self.path(&fixture.name);
        fixture.unpack(&module)?;
        let report = self.path(report);
        let proxy = fixtures::proxy(&self.path("proxy"))?;
        let mut command = command(&self.wasmcheck.display().to_string());
        command
            .args(["--quiet", "-o"])
            .arg(&report)
            .args(args)
            .arg(&module);
        let output = command
            .env("GOWORK", "off")
            .env("GOPROXY", proxy)
            .env("GOSUMDB", "off")
            .env("GOMODCACHE", self.path("modcache"))
            .env("GOFLAGS", "-modcacherw")
            .output()?;
        ensure!(
            report.is_file(),
            "no report: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(report)
    }
}

fn hostile_page(world: &World) -> Result<()> {
    let page = world.check(&fixtures::named("hostile"), "report.html")?;
    let dom = chromium(&[&format!("file://{}", page.display())], &["--dump-dom"])?;
    let dom = String::from_utf8_lossy(&dom.stdout);
    ensure!(
        dom.contains("<title>wasmcheck: example.com/hostile</title>"),
        "the title is gone"
    );
    ensure!(
        dom.contains("document.title="),
        "the source line is not shown"
    );
    ensure!(
        !dom.contains("<script") && !dom.contains("<img"),
        "text of the module became markup"
    );
    Ok(())
}

fn light_and_dark(world: &World) -> Result<()> {
    let page = world.check(&fixtures::named("roots"), "report.html")?;
    let url = format!("file://{}", page.display());
    let mut shots = Vec::new();
    for (name, scheme) in [("light.png", "1"), ("dark.png", "0")] {
        let file = world.path(name);
        let shot = format!("--screenshot={}", file.display());
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        chromium(
            &[&url],
            &[
                &shot,
                &scheme,
                "--window-size=1000,1400",
                "--hide-scrollbars",
            ],
        )?;
        shots.push(read(&file)?);
    }
    ensure!(
        shots.iter().all(|s| s.len() > 10_000),
        "a screenshot is empty"
    );
    ensure!(shots[0] != shots[1], "light and dark look the same");
    Ok(())
}

/// Build the program for js, run it under Node, and compare line by line.
fn node_truth(world: &World) -> Result<()> {
    let fixture = fixtures::named("node-truth");
    let report = world.check(&fixture, "report.json")?;
    let report: Value = serde_json::from_slice(&read(&report)?)?;
    let wasm = world.path("truth.wasm");
    let build = command("go")
        .args(["build", "-o"])
        .arg(&wasm)
        .arg(".")
        .current_dir(world.path(&fixture.name))
        .envs([
            ("GOOS", "js"),
            ("GOARCH", "wasm"),
            ("GOWORK", "off"),
            ("GOFLAGS", ""),
        ])
        .output()?;
    ensure!(
        build.status.success(),
        "{}",
        String::from_utf8_lossy(&build.stderr)
    );
    let goroot = String::from_utf8(command("go").args(["env", "GOROOT"]).output()?.stdout)?;
    let runner = Path::new(goroot.trim()).join("lib/wasm/wasm_exec_node.js");
    let run = command("node")
        .arg(runner)
        .arg(&wasm)
        .output()
        .context("node cannot be started")?;
    let printed =
        String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout);
    let seen = outcomes(&printed);
    ensure!(
        seen.len() >= 20,
        "the program told of {} lines only:\n{printed}",
        seen.len()
    );
    let claimed = claims(&report);
    let wrong: Vec<String> = seen
        .iter()
        .filter(|(line, fails)| claimed.contains(line) != **fails)
        .map(|(line, fails)| {
            format!(
                "main.go:{line} {}, and the report says otherwise",
                if *fails { "fails" } else { "works" }
            )
        })
        .collect();
    ensure!(wrong.is_empty(), "{}\n{printed}", wrong.join("\n"));
    Ok(())
}

/// With `--host node`, what is clean on js becomes what was seen.
fn under_node(world: &World) -> Result<()> {
    let args = ["--host", "node", "--target", "js-node"];
    let report = world.check_with(&fixtures::named("works"), "report.json", &args)?;
    let report: Value = serde_json::from_slice(&read(&report)?)?;
    let target = &report["targets"][0];
    ensure!(target["verdict"] == "works", "{target}");
    let seen = report["observations"].as_array().map_or(0, Vec::len);
    ensure!(seen == 3, "{seen} observations");
    let report = world.check_with(&fixtures::named("crashes"), "report.json", &args)?;
    let report: Value = serde_json::from_slice(&read(&report)?)?;
    let crash = report["findings"].as_array().and_then(|f| {
        f.iter()
            .find(|f| f["rule"] == "crash" && f["init"] == false)
    });
    let place = crash.map(|f| (f["file"].as_str(), f["line"].as_u64()));
    ensure!(
        place == Some((Some("serve/main.go"), Some(10))),
        "{place:?}"
    );
    Ok(())
}

/// With `--host chromium`, programs run in a page: without files, with a silent deadlock.
fn in_a_page(world: &World) -> Result<()> {
    let args = ["--host", "chromium", "--target", "js", "--tests"];
    let seen = |fixture: &str, args: &[&str]| -> Result<Value> {
        let report = world.check_with(&fixtures::named(fixture), "report.json", args)?;
        Ok(serde_json::from_slice(&read(&report)?)?)
    };
    let report = seen("works", &args)?;
    for target in report["targets"].as_array().into_iter().flatten() {
        let packages = target["packages"].as_array().into_iter().flatten();
        let mut library = packages.filter(|p| p["package"] == "example.com/works/greet");
        let verdict = library.next().map(|p| &p["verdict"]);
        ensure!(verdict == Some(&"works".into()), "{target}");
    }
    let report = seen("scenarios", &args)?;
    let played = |target: &str, name: &str| {
        let all = report["observations"].as_array().into_iter().flatten();
        let mut of = all.filter(|o| o["target"] == target && o["scenario"]["name"] == name);
        of.next().map(|o| (o["end"].clone(), o["exit"].clone()))
    };
    for (name, node, page) in [
        ("renders", ("ok", Some(0)), ("fail", Some(1))),
        ("writes", ("ok", Some(0)), ("fail", Some(1))),
        ("refuses", ("fail", Some(2)), ("fail", Some(2))),
        ("names", ("ok", Some(0)), ("ok", Some(0))),
        ("endless", ("timeout", None), ("timeout", None)),
    ] {
        for (target, (end, exit)) in [("js-node", node), ("js-browser", page)] {
            let expected = Some((Value::from(end), Value::from(exit)));
            let there = played(target, name);
            ensure!(there == expected, "{name} on {target}: {there:?}");
        }
    }
    let page = world.check_with(&fixtures::named("scenarios"), "report.html", &args)?;
    let dom = chromium(&[&format!("file://{}", page.display())], &["--dump-dom"])?;
    let dom = String::from_utf8_lossy(&dom.stdout);
    for words in [
        "Differences between Node and the browser",
        "`renders`: exit code 0 on js-node",
    ] {
        ensure!(dom.contains(words), "the page lacks {words}");
    }
    let report = seen("page-tests", &args)?;
    let tests = report["observations"].as_array().into_iter().flatten();
    let of = |target: &str, name: &str| {
        let mut of = tests
            .clone()
            .filter(|o| o["target"] == target && o["kind"] == "test");
        of.next().map(|o| o["tests"][name]["here"].clone())
    };
    for (target, name, here) in [
        ("js-node", "TestFile", "pass"),
        ("js-browser", "TestFile", "fail"),
        ("js-browser", "TestPlain", "pass"),
    ] {
        let there = of(target, name);
        ensure!(there == Some(here.into()), "{name} on {target}: {there:?}");
    }
    Ok(())
}

/// The sections of the run stage, as the browser shows them.
fn proof_page(world: &World) -> Result<()> {
    let args = ["--target", "wasip1"];
    for (fixture, words) in [
        (
            "crashes",
            ["What ran", "all goroutines are asleep", "elsewhere.missing"],
        ),
        (
            "remedies",
            [
                "confirmed by run on wasip1",
                "go get example.com/plat@v1.1.0",
                "-tags portable",
            ],
        ),
    ] {
        let page = world.check_with(&fixtures::named(fixture), "report.html", &args)?;
        let dom = chromium(&[&format!("file://{}", page.display())], &["--dump-dom"])?;
        let dom = String::from_utf8_lossy(&dom.stdout);
        for words in words {
            ensure!(dom.contains(words), "{fixture}: the page lacks {words}");
        }
    }
    Ok(())
}

/// `LINE 20 fails: …` and `LINE 21 ok` to line numbers and whether they failed.
fn outcomes(printed: &str) -> BTreeMap<u64, bool> {
    let lines = printed.lines().filter_map(|l| l.strip_prefix("LINE "));
    let told = lines.filter_map(|l| {
        let (number, rest) = l.split_once(' ')?;
        Some((number.parse().ok()?, rest.starts_with("fails")))
    });
    told.collect()
}

/// Lines that the report says fail under Node.
fn claims(report: &Value) -> Vec<u64> {
    let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let fails = findings.iter().filter(|f| {
        let targets = f["targets"].as_array().map_or(&[][..], Vec::as_slice);
        f["effect"] == "fails-at-run-time" && targets.iter().any(|t| t == "js-node")
    });
    fails.filter_map(|f| f["line"].as_u64()).collect()
}

fn chromium(urls: &[&str], flags: &[&str]) -> Result<Output> {
    const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
    // Started as root in a container, Chromium needs its sandbox off; the page has no script.
    const ALWAYS: [&str; 7] = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let scratch = TempDir::new()?;
    let profile = format!("--user-data-dir={}", scratch.path().display());
    for name in NAMES {
        match command(name)
            .args(ALWAYS)
            .arg(&profile)
            .env("TMPDIR", scratch.path())
            .args(flags)
            .args(urls)
            .output()
        {
            Ok(output) if output.status.success() => return Ok(output),
            Ok(output) => bail!("{name}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).context(name),
        }
    }
    bail!("no Chromium: install the package `chromium`")
}

#[expect(clippy::disallowed_methods, reason = "chores start programs")]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "chores read files")]
fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| file.display().to_string())
}
