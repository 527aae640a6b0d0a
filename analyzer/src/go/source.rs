//! Source files: read once, parsed once, shared by all targets.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use hashbrown::HashMap;
use model::SUBSTITUTE;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::go::facts::{FileFacts, KnownNames, Use, likely_name};
use crate::go::pack::{self, Key, Pack};
use crate::go::syntax;
use crate::system::{Quotable, System};

/// Files by path, which is hashed as text: faster than part by part.
type Files = HashMap<String, Arc<Source>>;

/// A file that is wanted, and whether for its declarations alone.
type FileRequest<'p> = (&'p Utf8Path, bool);

/// Stack of the threads that read: syntax trees are walked by recursion. Only what a deep tree
/// touches of it is ever used.
pub(crate) const STACK: usize = 256 << 20;

/// Files of a directory that one thread reads: less is not worth the handing over.
const FILES: usize = 16;

/// A file that is larger than this, in bytes, is read while no other such file is: a syntax tree takes up to
/// thirty times the memory of its text.
const LARGE: usize = 4 << 20;

/// Most tokens of a file, each of which takes about a hundred bytes of memory.
const TOKENS: usize = 8_000_000;

/// Held while such a file is read.
static ALONE: Mutex<()> = Mutex::new(());

/// All files that were asked for, by path.
pub(crate) struct Sources<'a> {
    system: &'a dyn System,
    /// Threads with room for deep trees; the global ones when these could not be started.
    pool: Option<ThreadPool>,
    files: Mutex<Files>,
    /// Files that were read again, by the address of what was read first.
    again: Mutex<HashMap<usize, Vec<Again>>>,
}

/// A file, and what it says once something is known of names: mostly the same for both builds.
struct Again {
    /// Kept, so that its address stays its own.
    _first: Arc<Source>,
    known: KnownNames,
    source: Arc<Source>,
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

impl Source {
    /// A file that cannot be read.
    fn unreadable(path: &Utf8Path, why: String) -> Self {
        Self {
            name: path.file_name().unwrap_or_default().to_owned(),
            facts: FileFacts::read(&Arc::default()),
            unreadable: Some(why),
        }
    }
}

impl<'a> Sources<'a> {
    pub(crate) fn new(system: &'a dyn System) -> Self {
        let pool = ThreadPoolBuilder::new().stack_size(STACK).build().ok();
        Self {
            system,
            pool,
            files: Mutex::default(),
            again: Mutex::default(),
        }
    }

    /// Read many files on all cores, those in `std` for their declarations alone.
    pub(crate) fn load(&self, paths: &[Utf8PathBuf], std: &[Utf8PathBuf]) {
        let mut dirs: BTreeMap<&Utf8Path, Vec<FileRequest<'_>>> = BTreeMap::new();
        let all = std.iter().map(|path| (path.as_path(), true));
        for wanted @ (path, _) in all.chain(paths.iter().map(|path| (path.as_path(), false))) {
            if !self.lock().contains_key(path.as_str()) {
                let dir = path.parent().unwrap_or(path);
                dirs.entry(dir).or_default().push(wanted);
            }
        }
        let read: Vec<_> = self.on_deep_stack(|| {
            let dirs = dirs.par_iter();
            dirs.flat_map(|(dir, files)| self.directory(dir, files))
                .collect()
        });
        self.lock().extend(read);
    }

    /// Read files of a directory, or recall what they say.
    fn directory(&self, dir: &Utf8Path, files: &[FileRequest<'_>]) -> Vec<(String, Arc<Source>)> {
        let keeps = self.system.keeps(dir);
        let pack = keeps.then(|| Pack::recall(self.system, dir));
        let files = files.par_iter().with_min_len(FILES);
        let read = files.map(|(path, declarations_only)| {
            let (source, new) = self.read(path, *declarations_only, pack.as_ref());
            (path.to_string(), source, new)
        });
        let mut sources = Vec::new();
        let mut new = BTreeMap::new();
        for (path, source, key) in read.collect::<Vec<_>>() {
            let encoded = key.and_then(|key| Some((key, pack::encode(&source.facts)?)));
            new.extend(encoded);
            sources.push((path, source));
        }
        if let Some(pack) = pack.filter(|_| !new.is_empty())
            && let Some(bytes) = pack.with(&new)
        {
            self.system.keep(dir, &bytes);
        }
        sources
    }

    fn on_deep_stack<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One file, read if that did not happen before.
    pub(crate) fn get(&self, path: &Utf8Path) -> Arc<Source> {
        let known = self.lock().get(path.as_str()).cloned();
        known.unwrap_or_else(|| {
            let (source, _) = self.on_deep_stack(|| self.read(path, false, None));
            self.lock().insert(path.to_string(), Arc::clone(&source));
            source
        })
    }

    /// What of a file may stand in a report.
    pub(crate) fn quotable(&self, path: &Utf8Path) -> Option<Quotable> {
        self.system.quotable(path)
    }

    /// The files of a package, read again where they use names of which something is known.
    pub(crate) fn knowing(&self, files: Vec<Arc<Source>>, known: &KnownNames) -> Vec<Arc<Source>> {
        let again = |file: Arc<Source>| {
            let facts = &file.facts;
            let named = |u: &Use| match u.sel {
                None => known.contains_key(facts.text(u.base)),
                Some(sel) => is_known_import(facts, facts.text(u.base), facts.text(sel), known),
            };
            if facts.uses.iter().any(named) {
                self.again(file, known)
            } else {
                file
            }
        };
        files.into_iter().map(again).collect()
    }

    fn again(&self, file: Arc<Source>, known: &KnownNames) -> Arc<Source> {
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        let of_file = again.entry(Arc::as_ptr(&file).addr()).or_default();
        if let Some(read) = of_file.iter().find(|read| read.known == *known) {
            return Arc::clone(&read.source);
        }
        let src = Arc::clone(&file.facts.src);
        let facts = self.on_deep_stack(|| FileFacts::read_knowing(&src, known));
        let source = Arc::new(Source {
            name: file.name.clone(),
            facts,
            unreadable: file.unreadable.clone(),
        });
        of_file.push(Again {
            _first: file,
            known: known.clone(),
            source: Arc::clone(&source),
        });
        source
    }

    /// A file, and the key of what it says where that is to be kept.
    fn read(
        &self,
        path: &Utf8Path,
        declarations_only: bool,
        pack: Option<&Pack>,
    ) -> (Arc<Source>, Option<Key>) {
        let read = self.system.read(path);
        let is_large = read.as_ref().is_ok_and(|bytes| bytes.len() > LARGE);
        let _alone = is_large.then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        let (text, unreadable) = match read {
            Ok(bytes) => (text(bytes), None),
            Err(e) => (Text::default(), Some(e.to_string())),
        };
        let src = Arc::new(text.text);
        let tokens = if is_large { syntax::tokens(&src) } else { 0 };
        if tokens > TOKENS {
            let why = format!("{tokens} tokens are too much for a source file");
            return (Arc::new(Source::unreadable(path, why)), None);
        }
        // Files that are not as Go wants them are few.
        let pack = pack.filter(|_| text.wrong.is_none() && unreadable.is_none());
        let key = pack.map(|_| pack::key(&src, declarations_only));
        let known = pack.zip(key).and_then(|(pack, key)| pack.facts(&key, &src));
        let new = key.filter(|_| known.is_none());
        let mut facts = known.unwrap_or_else(|| {
            if declarations_only {
                FileFacts::read_declarations(&src)
            } else {
                FileFacts::read(&src)
            }
        });
        if let Some((pos, message)) = text.wrong {
            facts.add_error(pos, message);
        }
        let name = path.file_name().unwrap_or_default().to_owned();
        let source = Source {
            name,
            facts,
            unreadable,
        };
        (Arc::new(source), new)
    }
}

/// The text of a file.
#[derive(Default)]
struct Text {
    text: String,
    /// The first byte that Go refuses, and its words for it.
    wrong: Option<(usize, &'static str)>,
}

fn text(bytes: Vec<u8>) -> Text {
    let wrong = wrong_bytes(&bytes);
    match String::from_utf8(bytes) {
        Ok(text) => Text { text, wrong },
        Err(e) => {
            let invalid = (e.utf8_error().valid_up_to(), "invalid UTF-8 encoding");
            let first = wrong.map_or(invalid, |other| other.min(invalid));
            Text {
                text: substituted(e.as_bytes()),
                wrong: Some(first),
            }
        }
    }
}

/// Bytes as a text that is as long: each that is part of no character is substituted by one of one byte, because
/// columns count bytes of the file.
fn substituted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(iter::repeat_n(SUBSTITUTE, chunk.invalid().len()));
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_file() {
        let overlong = b"var x = \"\xc0\xaf\xed\xa0\x80\" + gone";
        let Text { text, wrong } = text(overlong.to_vec());
        assert_eq!(text, "var x = \"\u{1a}\u{1a}\u{1a}\u{1a}\u{1a}\" + gone");
        assert_eq!(wrong, Some((9, "invalid UTF-8 encoding")));
        assert_eq!(substituted("“é”".as_bytes()), "“é”");
    }
}
