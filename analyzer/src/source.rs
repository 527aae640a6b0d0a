//! Source files: read once, parsed once, shared by all targets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use hashbrown::HashMap;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::facts::{FileFacts, KnownNames, Use, likely_name};
use crate::system::System;

/// Stack of the threads that read: syntax trees are walked by recursion. Only what a deep tree
/// touches of it is ever used.
pub(crate) const STACK: usize = 256 << 20;

/// All files that were asked for, by path.
pub(crate) struct Sources<'a> {
    system: &'a dyn System,
    /// Threads with room for deep trees; the global ones when these could not be had.
    pool: Option<ThreadPool>,
    files: Mutex<HashMap<Utf8PathBuf, Arc<Source>>>,
}

/// A file, or why there is none.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name without the directory.
    pub(crate) name: String,
    pub(crate) facts: FileFacts,
    /// Why it could not be read; the facts are empty then.
    pub(crate) unreadable: Option<String>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(system: &'a dyn System) -> Self {
        let pool = ThreadPoolBuilder::new().stack_size(STACK).build().ok();
        Self {
            system,
            pool,
            files: Mutex::default(),
        }
    }

    /// Read many files on all cores, those in `std` for their declarations alone.
    pub(crate) fn load(&self, paths: &[Utf8PathBuf], std: &[Utf8PathBuf]) {
        let known = |path: &&Utf8PathBuf| !self.lock().contains_key(path.as_path());
        let std = std.iter().filter(known).map(|path| (path, true));
        let all: Vec<_> = std
            .chain(paths.iter().filter(known).map(|path| (path, false)))
            .collect();
        let read = self.on_deep_stack(|| {
            let read = all
                .par_iter()
                .map(|(path, declarations)| ((*path).clone(), self.read(path, *declarations)));
            read.collect::<Vec<_>>()
        });
        self.lock().extend(read);
    }

    fn on_deep_stack<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Utf8PathBuf, Arc<Source>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One file, read if that did not happen before.
    pub(crate) fn get(&self, path: &Utf8Path) -> Arc<Source> {
        let known = self.lock().get(path).cloned();
        known.unwrap_or_else(|| {
            let source = self.on_deep_stack(|| self.read(path, false));
            self.lock().insert(path.to_owned(), Arc::clone(&source));
            source
        })
    }

    /// The files of a package, read again where they use names of which something is known.
    pub(crate) fn knowing(&self, files: Vec<Arc<Source>>, known: &KnownNames) -> Vec<Arc<Source>> {
        let again = |file: Arc<Source>| {
            let facts = &file.facts;
            let named = |u: &Use| match u.sel {
                None => known.contains_key(facts.text(u.base)),
                Some(sel) => is_known_import(facts, facts.text(u.base), facts.text(sel), known),
            };
            if !facts.uses.iter().any(named) {
                return file;
            }
            let src = Arc::clone(&facts.src);
            let facts = self.on_deep_stack(|| FileFacts::read_knowing(&src, known));
            Arc::new(Source {
                name: file.name.clone(),
                facts,
                unreadable: file.unreadable.clone(),
            })
        };
        files.into_iter().map(again).collect()
    }

    fn read(&self, path: &Utf8Path, declarations_only: bool) -> Arc<Source> {
        let (bytes, unreadable) = match self.system.read(path) {
            Ok(bytes) => (bytes, None),
            Err(e) => (Vec::new(), Some(e.to_string())),
        };
        let encoding = wrong_bytes(&bytes);
        let (text, encoding) = match String::from_utf8(bytes) {
            Ok(text) => (text, encoding),
            Err(e) => {
                let invalid = (e.utf8_error().valid_up_to(), "invalid UTF-8 encoding");
                let first = encoding.map_or(invalid, |other| other.min(invalid));
                (
                    String::from_utf8_lossy(e.as_bytes()).into_owned(),
                    Some(first),
                )
            }
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        let text = Arc::from(text);
        let mut facts = if declarations_only {
            FileFacts::read_declarations(&text)
        } else {
            FileFacts::read(&text)
        };
        if let Some((pos, message)) = encoding {
            facts.add_error(pos, message);
        }
        Arc::new(Source {
            name,
            facts,
            unreadable,
        })
    }
}

/// Bytes that Go refuses wherever they stand (specification, "Source code representation";
/// cmd/compile/internal/syntax/source.go): the first, and Go's words for it.
fn wrong_bytes(bytes: &[u8]) -> Option<(usize, &'static str)> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let nul = memchr::memchr(0, bytes).map(|at| (at, "invalid NUL character"));
    let rest = bytes.get(1..).unwrap_or_default();
    let bom = memchr::memmem::find(rest, BOM);
    let bom = bom.map(|at| (at + 1, "invalid BOM in the middle of the file"));
    nul.into_iter().chain(bom).min()
}

/// Whether something is known of a name of an import.
fn is_known_import(facts: &FileFacts, base: &str, sel: &str, known: &KnownNames) -> bool {
    let names = facts.imports.iter().map(|import| {
        let (alias, path) = (import.alias.map(|a| facts.text(a)), facts.text(import.path));
        (likely_name(alias, path), path)
    });
    let mut paths = names.filter(|(name, _)| *name == base);
    paths.any(|(_, path)| known.contains_key(&format!("{path}.{sel}")))
}
