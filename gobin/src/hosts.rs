//! Which hosts can run a file: what it needs from them, compared with what `data/hosts.toml` says that
//! they supply.

use std::sync::LazyLock;

use model::{Entry, Fit, Glue, HostFit, Producer, WasmFile};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::wasm::release_of;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hosts {
    functions: Vec<Functions>,
    features: Features,
    limits: Limits,
    host: Vec<Host>,
    glue: Vec<KnownGlue>,
}

/// Functions that hosts supply.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Functions {
    id: String,
    module: String,
    names: Vec<String>,
    #[expect(dead_code, reason = "for those who read the data")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Features {
    names: Vec<String>,
    #[expect(dead_code, reason = "for those who read the data")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    file: u64,
    functions: u64,
    function_body: u64,
    data_segments: u64,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    name: String,
    functions: Vec<String>,
    entry: Vec<Entry>,
    with: Option<String>,
    /// Bytes of memory that it gives a program.
    memory: Option<u64>,
    note: Option<String>,
    source: String,
}

/// A `wasm_exec.js` of Go, and the N of Go 1.N that have it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownGlue {
    sha256: String,
    first: u32,
    last: u32,
    /// Where these have it, in GOROOT.
    dir: String,
    #[expect(dead_code, reason = "for those who read the data")]
    source: String,
}

static HOSTS: LazyLock<Hosts> = LazyLock::new(|| {
    let data = include_str!("../data/hosts.toml");
    toml::from_str(data).expect("a test reads the table of hosts")
});

/// How a file fits each host.
pub(crate) fn fits(file: &WasmFile) -> Vec<HostFit> {
    HOSTS.host.iter().map(|host| fit(file, host)).collect()
}

fn fit(file: &WasmFile, host: &Host) -> HostFit {
    let mut why = missing(file, host);
    if why.is_empty() && !host.entry.contains(&file.entry) {
        let wanted = "it does not export what this host starts";
        why.push(match file.entry {
            Entry::None => format!("{wanted}: a host must call its exports one by one"),
            _ => wanted.to_owned(),
        });
    }
    let pages = file.memory.map_or(0, |m| m.min_pages);
    if let Some(most) = host.memory.filter(|most| pages * 65536 > *most) {
        why.push(format!(
            "its memory starts at {} MiB, and the host allows {}",
            pages >> 4,
            most >> 20
        ));
    }
    why.extend(too_large(file));
    why.extend(
        file.invalid
            .as_ref()
            .map(|_| "no engine accepts the module".to_owned()),
    );
    // A page can load a module without imports, and call its exports.
    if host.entry == [Entry::Js] && file.imports.is_empty() && file.invalid.is_none() {
        return HostFit {
            host: host.name.clone(),
            fits: Fit::Unknown,
            why: vec!["a script of your own must load it and call its exports".to_owned()],
            with: None,
            note: None,
            source: host.source.clone(),
        };
    }
    let fits = why.is_empty();
    let known = &HOSTS.features.names;
    let other = file.features.iter().filter(|f| !known.contains(f));
    let other: Vec<&str> = other.map(String::as_str).collect();
    if !other.is_empty() {
        why.push(format!(
            "it uses {}, which not every version of the host supports",
            other.join(", ")
        ));
    }
    HostFit {
        host: host.name.clone(),
        fits: match (fits, other.is_empty()) {
            (false, _) => Fit::No,
            (true, false) => Fit::Unknown,
            (true, true) => Fit::Yes,
        },
        why,
        with: (fits && file.producer == Producer::Go)
            .then(|| with(file, host))
            .flatten(),
        note: host.note.clone().filter(|_| fits),
        source: host.source.clone(),
    }
}

/// What a Go program needs beside the bare host. Of a `wasm_exec.js` it gives which versions of
/// Go have the same.
fn with(file: &WasmFile, host: &Host) -> Option<String> {
    let with = host.with.clone()?;
    let built = file.go_version.as_deref().and_then(release_of);
    let same = |g: &&KnownGlue| built.is_some_and(|n| (g.first..=g.last).contains(&n));
    let known = HOSTS.glue.iter().find(same);
    Some(match known.filter(|_| host.entry == [Entry::Js]) {
        Some(glue) if glue.first < glue.last => format!(
            "{with}, GOROOT/{}: the same file from Go 1.{} to 1.{}",
            glue.dir, glue.first, glue.last
        ),
        _ => with,
    })
}

/// What it imports and the host does not supply.
fn missing(file: &WasmFile, host: &Host) -> Vec<String> {
    let supplied = |module: &str, name: &str| {
        let sets = HOSTS.functions.iter();
        let mut sets = sets.filter(|f| f.module == module && host.functions.contains(&f.id));
        sets.any(|f| f.names.iter().any(|n| n == name))
    };
    let wanted = file
        .imports
        .iter()
        .filter(|i| !supplied(&i.module, &i.name));
    let mut names: Vec<String> = wanted.map(|i| format!("{}.{}", i.module, i.name)).collect();
    names.sort();
    names.dedup();
    let extension = HOSTS.functions.iter().find(|f| {
        let all = names.iter().all(|name| {
            let name = name.strip_prefix(&format!("{}.", f.module));
            name.is_some_and(|name| f.names.iter().any(|n| n == name))
        });
        all && !names.is_empty() && !host.functions.contains(&f.id)
    });
    match (names.as_slice(), extension) {
        ([], _) => Vec::new(),
        (_, Some(f))
            if HOSTS
                .functions
                .iter()
                .any(|own| own.module == f.module && host.functions.contains(&own.id)) =>
        {
            vec![format!("it wants {} of {}", count(names.len()), f.id)]
        }
        (_, Some(f)) => vec![format!("it is made for hosts that supply `{}`", f.module)],
        (few, None) => {
            let shown = few.iter().take(3).map(|n| format!("`{n}`"));
            let more = few.len().saturating_sub(3);
            let shown = shown.collect::<Vec<_>>().join(", ");
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            vec![format!(
                "it imports {shown}{more}, which this host does not provide"
            )]
        }
    }
}

fn count(n: usize) -> String {
    match n {
        1 => "1 function".to_owned(),
        n => format!("{n} functions"),
    }
}

fn too_large(file: &WasmFile) -> Vec<String> {
    let limits = &HOSTS.limits;
    let rows = [
        ("bytes", file.size.file, limits.file),
        ("functions", file.function_count as u64, limits.functions),
        (
            "bytes in one function",
            file.size.largest_function,
            limits.function_body,
        ),
        (
            "data segments",
            file.size.data_segments,
            limits.data_segments,
        ),
    ];
    let over = rows.into_iter().filter(|(_, has, most)| has > most);
    let told = over.map(|(what, has, most)| {
        format!("{has} {what} are more than the {most} of {}", limits.source)
    });
    told.collect()
}

/// How a support file fits a program: a `wasm_exec.js` that lies beside it.
pub fn glue(file: &WasmFile, name: &str, text: &[u8]) -> Glue {
    let hash = format!("{:x}", Sha256::digest(text));
    let known = HOSTS.glue.iter().find(|g| g.sha256 == hash);
    let supplies = |module: &str| {
        let key = format!("{module}: {{");
        memchr::memmem::find(text, key.as_bytes()).is_some()
    };
    let modules: Vec<&str> = file.imports.iter().map(|i| i.module.as_str()).collect();
    let lacks = ["gojs", "go"]
        .into_iter()
        .find(|m| modules.contains(m) && !supplies(m));
    let tiny = memchr::memmem::find(text, b"tinygo").is_some();
    let go = file.go_version.as_deref().and_then(release_of);
    let (fits, summary) = if let Some(module) = lacks {
        let needs = match module {
            "gojs" => "Go 1.21 or later",
            _ => "Go 1.20 or older",
        };
        (
            Fit::No,
            format!(
                "it does not provide the import module `{module}` of the program: use the file of {needs}"
            ),
        )
    } else if tiny != (file.producer == Producer::Tinygo) {
        let (has, needs) = if tiny {
            ("TinyGo", "Go")
        } else {
            ("Go", "TinyGo")
        };
        (
            Fit::No,
            format!("it belongs to {has}, but the program was built with {needs}"),
        )
    } else {
        match (known, go) {
            (Some(known), Some(n)) if (known.first..=known.last).contains(&n) => {
                (Fit::Yes, format!("it belongs to Go 1.{n}"))
            }
            (Some(known), _) => (
                Fit::Unknown,
                format!(
                    "it belongs to Go 1.{} to 1.{}: use the file of the Go version that built the program",
                    known.first, known.last
                ),
            ),
            (None, _) => (
                Fit::Unknown,
                "it provides what the program imports, but belongs to no known Go version"
                    .to_owned(),
            ),
        }
    };
    Glue {
        file: name.to_owned(),
        sha256: hash,
        fits,
        summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_names_functions_that_are_listed() {
        for host in &HOSTS.host {
            for id in &host.functions {
                assert!(HOSTS.functions.iter().any(|f| f.id == *id), "{id}");
            }
        }
        let preview1 = HOSTS.functions.iter().find(|f| f.id == "wasi-preview1");
        assert_eq!(preview1.unwrap().names.len(), 46);
    }
}
