//! Sketches of class rules: each compiles with the plain go command for the targets and for Linux, and `explain` shows it.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare files and start programs"
)]

mod common;

use std::fs;
use std::process::Command;

use common::World;
use engine::knowledge::SKETCHES;

#[test]
fn every_sketch_compiles() {
    let world = World::empty("sketches");
    fs::write(
        world.module.join("go.mod"),
        "module example.com/sketches\n\ngo 1.21\n",
    )
    .unwrap();
    for sketch in SKETCHES {
        let dir = world.module.join(sketch.name);
        fs::create_dir(&dir).unwrap();
        for (file, code) in sketch.files {
            fs::write(dir.join(file), code).unwrap();
        }
        let vet = |goos: &str, goarch: &str, cgo: &str| {
            let output = Command::new("go")
                .args(["vet", "."])
                .current_dir(&dir)
                .env("GOOS", goos)
                .env("GOARCH", goarch)
                .env("CGO_ENABLED", cgo)
                .env("GOTOOLCHAIN", "local")
                .env("GOPROXY", "off")
                .env_remove("GOFLAGS")
                .env_remove("GOWORK")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} on {goos}: {said}", sketch.name);
        };
        for (goos, goarch) in [("linux", "amd64"), ("js", "wasm"), ("wasip1", "wasm")] {
            vet(goos, goarch, "0");
        }
        // The half in C needs a C compiler for this machine.
        let has_c = Command::new("cc").arg("--version").output();
        if sketch.name == "cgo" && cfg!(target_os = "linux") && has_c.is_ok() {
            vet("", "", "1");
        }
    }
    let output = Command::new("gofmt")
        .args(["-l", "."])
        .current_dir(&world.module)
        .output()
        .unwrap();
    assert!(output.stdout.is_empty(), "gofmt would change {output:?}");
}

#[test]
fn explain_shows_sketches() {
    let world = World::empty("explain");
    for sketch in SKETCHES {
        let output = world.command(&["explain", sketch.name]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", sketch.name);
        for (file, code) in sketch.files {
            let last = code.lines().last().unwrap();
            assert!(text.contains(file) && text.contains(last), "{text}");
        }
    }
}
