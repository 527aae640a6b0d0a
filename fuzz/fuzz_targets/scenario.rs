//! A module may bring any links and any `wasmcheck.toml`: laying out its scenarios changes nothing outside of
//! the scratch copy, and nothing panics.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use camino::Utf8Path;
use engine::fuzzing::lay_out;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// What the file outside of the module holds.
const KEPT: &str = "kept";

/// Names of which paths are made, those that are also links among them.
const NAMES: [&str; 10] =
    ["a", "b", "c", "d", ".", "..", "outside", "kept", "module", ".git"];

/// A path of some names; the first bit of the first byte makes it lead to the root directory, or above it.
fn path(bytes: &[u8], outside: &Path) -> String {
    let Some((first, rest)) = bytes.split_first() else {
        return "a".to_owned();
    };
    let names: Vec<&str> = rest.iter().map(|b| NAMES[usize::from(*b) % NAMES.len()]).collect();
    let names = names.join("/");
    match first % 4 {
        0 => format!("{}/{names}", outside.display()),
        1 => format!("{}{}/{names}", "../".repeat(30), outside.display()),
        _ => names,
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\x7f', "\\u007f")
}

type Links<'a> = Vec<(&'a [u8], &'a [u8])>;

fuzz_target!(|input: (Links<'_>, Links<'_>, Option<&[u8]>, Option<&[u8]>, &str)| {
    let (links, files, dir, stdin, raw) = input;
    let parent = TempDir::new().expect("there is scratch space");
    let parent = parent.path().canonicalize().expect("it was made");
    let (module, outside) = (parent.join("module"), parent.join("outside"));
    fs::create_dir_all(module.join("b")).expect("there is scratch space");
    fs::create_dir(&outside).expect("there is scratch space");
    fs::write(outside.join(KEPT), KEPT).expect("there is scratch space");
    for (name, target) in links {
        let link = module.join(path(name, Path::new("")).trim_start_matches('/'));
        // Where that is no place in the module, or there is something already, there is no link.
        if link.parent().and_then(|dir| dir.canonicalize().ok()).is_some_and(|dir| dir.starts_with(&module)) {
            let _ = symlink(path(target, &outside), link);
        }
    }
    let root = Utf8Path::from_path(&module).expect("the directory has a plain name");
    let _ = lay_out(root, raw);
    let mut toml = "[[scenario]]\nname = \"x\"\n".to_owned();
    for (key, value) in [("dir", dir), ("stdin_file", stdin)] {
        if let Some(value) = value {
            toml += &format!("{key} = {}\n", quoted(&path(value, &outside)));
        }
    }
    toml += "[scenario.files]\n";
    let files: BTreeMap<String, &[u8]> =
        files.into_iter().map(|(name, text)| (path(name, &outside), text)).collect();
    for (name, text) in files {
        toml += &format!("{} = {}\n", quoted(&name), quoted(&String::from_utf8_lossy(text)));
    }
    let _ = lay_out(root, &toml);
    let names: Vec<_> = fs::read_dir(&outside).expect("it is there").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    let text = fs::read_to_string(outside.join(KEPT)).expect("it is there");
    assert_eq!(text, KEPT);
});
