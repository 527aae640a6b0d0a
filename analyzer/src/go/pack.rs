//! Facts from earlier runs: those of the files of one directory, found by the hash of what a file
//! holds, under a checksum of them all. The hash is a quick one: it has to tell a file from the
//! others that its own directory ever had, and whoever made these equal fooled nobody else.
//!
//! What is kept is the reader's own form. It changes with the reader, so that the checksum begins
//! with a hash of the reader's source (`build.rs`): what another reader kept is as good as damaged.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use camino::Utf8Path;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::go::facts::FileFacts;
use crate::system::System;

/// Bytes of a hash.
const HASH: usize = blake3::OUT_LEN;

/// Bytes of a key.
const KEY: usize = 16;

/// Bytes that a file takes in the table: its key, and the end of its facts.
const ROW: usize = KEY + 4;

/// A file by what it holds, and how it is read.
pub(crate) type Key = [u8; KEY];

/// The facts of the files of a directory, still encoded.
#[derive(Debug, Default)]
pub(crate) struct Pack {
    bytes: Vec<u8>,
    facts: BTreeMap<Key, Range<usize>>,
}

impl Pack {
    /// What is kept of a directory. Nothing is, too, where it is damaged.
    pub(crate) fn recall(system: &dyn System, dir: &Utf8Path) -> Self {
        let bytes = system.recall(dir).unwrap_or_default();
        let facts = read(&bytes).unwrap_or_default();
        Self { bytes, facts }
    }

    /// The facts of a text, when they are known.
    pub(crate) fn facts(&self, key: &Key, src: &Arc<String>) -> Option<FileFacts> {
        let encoded = self.bytes.get(self.facts.get(key)?.clone())?;
        let facts: FileFacts = postcard::from_bytes(encoded).ok()?;
        Some(facts.with_text(src))
    }

    /// The same with facts that were read since, in the form in which it is kept. None when it
    /// would be too large.
    pub(crate) fn with(&self, new: &BTreeMap<Key, Vec<u8>>) -> Option<Vec<u8>> {
        let old = self.facts.iter().filter(|(key, _)| !new.contains_key(*key));
        let old = old.filter_map(|(key, range)| Some((key, self.bytes.get(range.clone())?)));
        let all: Vec<(&Key, &[u8])> = old
            .chain(new.iter().map(|(key, facts)| (key, facts.as_slice())))
            .collect();
        let mut body = u32::try_from(all.len()).ok()?.to_le_bytes().to_vec();
        let mut end = 0_u32;
        for (key, facts) in &all {
            end = end.checked_add(u32::try_from(facts.len()).ok()?)?;
            body.extend_from_slice(*key);
            body.extend_from_slice(&end.to_le_bytes());
        }
        all.iter()
            .for_each(|(_, facts)| body.extend_from_slice(facts));
        let mut bytes = checksum(&body).to_vec();
        bytes.append(&mut body);
        Some(bytes)
    }
}

/// The key of a text.
pub(crate) fn key(src: &str, declarations_only: bool) -> Key {
    xxh3_128_with_seed(src.as_bytes(), declarations_only.into()).to_le_bytes()
}

/// Facts in the form in which they are kept.
pub(crate) fn encode(facts: &FileFacts) -> Option<Vec<u8>> {
    postcard::to_allocvec(facts).ok()
}

fn checksum(body: &[u8]) -> [u8; HASH] {
    let mut hash = blake3::Hasher::new();
    hash.update(env!("READER").as_bytes());
    hash.update(body);
    hash.finalize().into()
}

/// Where the facts of each file lie; none when a byte is not as it was written.
fn read(bytes: &[u8]) -> Option<BTreeMap<Key, Range<usize>>> {
    let (sum, body) = bytes.split_at_checked(HASH)?;
    if sum != checksum(body) {
        return None;
    }
    let (count, rest) = body.split_first_chunk()?;
    let rows = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (table, facts) = rest.split_at_checked(rows.checked_mul(ROW)?)?;
    let start = bytes.len() - facts.len();
    let mut at = start;
    let mut all = BTreeMap::new();
    for row in table.chunks_exact(ROW) {
        let (key, end) = row.split_first_chunk::<KEY>()?;
        let end = start + usize::try_from(u32::from_le_bytes(end.try_into().ok()?)).ok()?;
        all.insert(*key, at..end);
        at = end;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{Arc, Mutex};

    use camino::{Utf8Path, Utf8PathBuf};

    use super::{Pack, encode, key};
    use crate::go::facts::FileFacts;
    use crate::go::source::Sources;
    use crate::system::System;

    const SRC: &str = "package p\n\nimport \"os\"\n\nconst N = 1 << 3\n\ntype T struct{ a int }\n\nfunc (t *T) F() error { return os.Chdir(\"/\") }\n";

    /// Files and what is kept, in memory.
    #[derive(Default)]
    struct Table {
        files: BTreeMap<Utf8PathBuf, String>,
        kept: Mutex<BTreeMap<Utf8PathBuf, Vec<u8>>>,
        writes: Mutex<usize>,
    }

    impl System for Table {
        fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
            let text = self.files.get(path);
            text.map(|text| text.clone().into_bytes())
                .ok_or_else(|| io::ErrorKind::NotFound.into())
        }

        fn keeps(&self, _: &Utf8Path) -> bool {
            true
        }

        fn recall(&self, dir: &Utf8Path) -> Option<Vec<u8>> {
            self.kept.lock().unwrap().get(dir).cloned()
        }

        fn keep(&self, dir: &Utf8Path, bytes: &[u8]) {
            *self.writes.lock().unwrap() += 1;
            self.kept
                .lock()
                .unwrap()
                .insert(dir.to_owned(), bytes.to_vec());
        }
    }

    fn read(table: &Table) -> String {
        let sources = Sources::new(table);
        let paths: Vec<_> = table.files.keys().cloned().collect();
        sources.load(&paths, &[]);
        let of = |path: &Utf8PathBuf| format!("{:?}", sources.get(path));
        paths.iter().map(of).collect()
    }

    fn table() -> Table {
        let files = [
            ("/m/a.go", SRC.to_owned()),
            ("/m/b.go", SRC.replace('N', "M")),
        ];
        let files = files.map(|(path, text)| (Utf8PathBuf::from(path), text));
        Table {
            files: files.into(),
            ..Table::default()
        }
    }

    #[test]
    fn facts_come_back_as_they_were() {
        let table = table();
        let first = read(&table);
        assert!(first.contains("DeclFact"));
        assert_eq!(read(&table), first);
        assert_eq!(*table.writes.lock().unwrap(), 1, "nothing new was read");
    }

    #[test]
    fn a_file_that_has_changed_is_read_again() {
        let mut table = table();
        read(&table);
        let changed = SRC.replace("1 << 3", "1 << 4");
        table.files.insert("/m/a.go".into(), changed);
        let without = read(&Table {
            files: table.files.clone(),
            ..Table::default()
        });
        assert_eq!(read(&table), without);
        assert_eq!(*table.writes.lock().unwrap(), 2);
    }

    #[test]
    fn a_damaged_byte_is_never_believed() {
        let table = table();
        let first = read(&table);
        let whole = table.recall("/m".into()).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            table.keep("/m".into(), &damaged);
            assert!(Pack::recall(&table, "/m".into()).facts.is_empty(), "{at}");
            table.keep("/m".into(), &whole[..at]);
            assert!(Pack::recall(&table, "/m".into()).facts.is_empty(), "{at}");
        }
        assert_eq!(read(&table), first);
        assert_eq!(table.recall("/m".into()).unwrap(), whole, "it is made anew");
    }

    #[test]
    fn what_is_read_for_declarations_is_another_thing() {
        let src = Arc::new(SRC.to_owned());
        let whole = FileFacts::read(&src);
        let new = BTreeMap::from([(key(SRC, false), encode(&whole).unwrap())]);
        let table = Table::default();
        table.keep("/m".into(), &Pack::default().with(&new).unwrap());
        let pack = Pack::recall(&table, "/m".into());
        assert!(pack.facts(&key(SRC, true), &src).is_none());
        let again = pack.facts(&key(SRC, false), &src).unwrap();
        assert_eq!(format!("{again:?}"), format!("{whole:?}"));
    }
}
