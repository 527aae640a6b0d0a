//! What stands in a wasm file, whoever made it; for Go's, also what Go's own tables say.
//!
//! Reading goes on as far as the file allows: a module that does not validate is read, and the
//! reason stands in the answer. Only what is no core module at all is an error.

mod calls;
mod code;
mod generic;
mod image;
mod sections;

use std::collections::BTreeSet;

use hashbrown::HashSet;
use model::{
    GOOSES, GoSizes, Goos, Names, PackageSize, Producer, ProducerField, SCHEMA, Sizes,
    UndefinedCall, WasmFile, WasmFunction, WasmPath,
};
use wasmparser::{BinaryReaderError, Parser, Payload, Validator, WasmFeatures};

use self::code::{Code, KeptConstants};
pub use self::generic::Generic;
pub use self::image::WasmImage;
use self::sections::Sections;
use crate::buildinfo::BuildInfo;
use crate::hosts;
use crate::moduledata::Moduledata;
use crate::pc::PcCoding;
use crate::pclntab::{Header, Pclntab};
use crate::program::{Line, Program, Tables};
use crate::references::References;
use crate::stacks::Stacks;

/// Why a file cannot be read as wasm.
#[derive(Debug, thiserror::Error)]
pub enum WasmError {
    /// There is nothing in it.
    #[error("the file is empty; was the build interrupted?")]
    Empty,
    /// It does not begin as wasm does.
    #[error("this is no WebAssembly: it begins with {0}, not with `\\0asm`")]
    NotWasm(String),
    /// It is a component.
    #[error(
        "this is a WebAssembly component, not a core module; Go makes core modules, and `wasm-tools component unbundle` takes those out of a component"
    )]
    Component,
    /// It is damaged.
    #[error("the module is damaged at byte {at}: {why}")]
    Damaged {
        /// Offset in the file.
        at: usize,
        /// The reader's word.
        why: String,
    },
}

impl From<BinaryReaderError> for WasmError {
    fn from(e: BinaryReaderError) -> Self {
        Self::Damaged {
            at: e.offset(),
            why: e.message().to_owned(),
        }
    }
}

/// What the code of a file says, to be asked while the file is read.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'c> {
    /// A Go program, and what it was built for.
    Go {
        /// The program.
        program: &'c Program<'c, 'c, WasmImage>,
        /// The `GOOS` that it was linked for.
        goos: Goos,
        /// N of the Go 1.N that built it; 0 where it does not say.
        release: u32,
    },
    /// A module that Go's linker did not write.
    Other(&'c Generic<'c, 'c>),
    /// A Go program whose tables make no sense.
    Unread,
}

impl Contents<'_> {
    /// All functions, those that exist only inlined last.
    pub fn functions(self) -> Vec<WasmFunction> {
        match self {
            Self::Go { program, .. } => program.functions(),
            Self::Other(module) => module.functions(),
            Self::Unread => Vec::new(),
        }
    }

    /// The ways to the functions of a name, the most believable first, at most `count`.
    pub fn ways(self, symbol: &str, count: usize) -> Vec<WasmPath> {
        match self {
            Self::Go { program, .. } => program.ways(symbol, count),
            Self::Other(module) => module.ways(symbol, count),
            Self::Unread => Vec::new(),
        }
    }

    /// Those of some places that there is code of; only Go programs say.
    pub fn with_code(self, places: &[Line]) -> HashSet<Line> {
        match self {
            Self::Go { program, .. } => program.with_code(places),
            Self::Other(_) | Self::Unread => HashSet::new(),
        }
    }

    fn packages(self) -> Vec<PackageSize> {
        match self {
            Self::Go { program, .. } => program.packages(),
            Self::Other(module) => module.packages(),
            Self::Unread => Vec::new(),
        }
    }
}

/// Read a wasm file; `name` is what the answer calls it, and `ask` is called once with its contents.
/// The bytes go away as soon as they can: a graph takes as much again.
///
/// The answer lacks what the contents are to be asked for: `functions`, and `sinks`, of which nothing
/// is known here.
pub fn inspect<R>(
    name: &str,
    bytes: Vec<u8>,
    ask: impl FnOnce(Contents<'_>) -> R,
) -> Result<(WasmFile, R), WasmError> {
    check_magic(&bytes)?;
    let mut sections = Sections::read(&bytes)?;
    let image = WasmImage::of(&std::mem::take(&mut sections.segments));
    let tables = image.as_ref().and_then(|i| GoTables::find(i, &sections));
    let info = image.as_ref().and_then(BuildInfo::find).unwrap_or_default();
    let is_go = tables.is_some();
    let (code, features) = read_code(&bytes, &sections, image.as_ref(), is_go)?;
    let go = image.as_ref().zip(tables.as_ref());
    let producer = producer(&sections.producers, is_go);
    let undefined_calls = if producer == Producer::Go {
        let functions = go.map(|(image, tables)| tables.pclntab.read(image));
        calls::undefined(&code, functions, &sections)
    } else {
        Vec::new()
    };
    // What Go's linker wrote is valid but for calls to undefined functions; to validate costs as much as all the
    // rest.
    let as_linked = producer == Producer::Go && code.signed && undefined_calls.is_empty();
    let read = Read {
        producer,
        features,
        undefined_calls,
        invalid: if as_linked { None } else { why_invalid(&bytes) },
        names: match (is_go, sections.names.is_empty()) {
            (true, _) => Names::Pclntab,
            (false, false) => Names::NameSection,
            (false, true) => Names::None,
        },
    };
    let (asked, sections) = if let Some((image, tables)) = go {
        let sections = sections.without_text();
        drop(bytes);
        (
            of_go(&sections, &info, image, tables, code.references, ask),
            sections,
        )
    } else {
        let module = Generic::read(&sections, &bytes, producer);
        let asked = Answers::of(Contents::Other(&module), ask);
        (asked, sections.without_text())
    };
    let (mut file, answer) = file(name, sections, info, read, asked);
    file.hosts = hosts::fits(&file);
    Ok((file, answer))
}

/// Go's own tables, owned: see [`Tables`].
struct GoTables {
    coding: PcCoding,
    pclntab: Pclntab,
    /// None when the program has no moduledata that makes sense.
    md: Option<Moduledata>,
}

impl GoTables {
    fn find(image: &WasmImage, sections: &Sections<'_>) -> Option<Self> {
        let (header, coding) = function_table(image, sections)?;
        Some(Self {
            pclntab: Pclntab::new(header, image, &coding, sections.bodies.len()),
            md: Moduledata::find(image, &header),
            coding,
        })
    }
}

/// Where the table of functions is, and what PCs are.
fn function_table(image: &WasmImage, sections: &Sections<'_>) -> Option<(Header, PcCoding)> {
    let slots = sections.table();
    let header = Header::find(image, slots.len())?;
    let (first, _) = header.entries(image).next()?;
    Some((header, PcCoding::table_index(slots, first)))
}

/// Read the code, twice when an optimiser has rewritten that of a Go program.
fn read_code(
    bytes: &[u8],
    sections: &Sections<'_>,
    image: Option<&WasmImage>,
    is_go: bool,
) -> Result<(Code, BTreeSet<&'static str>), WasmError> {
    let table = sections.table();
    let mut slots = vec![0; sections.bodies.len()];
    for (slot, local) in (0..).zip(&table) {
        if let Some(place) = local.and_then(|local| slots.get_mut(local as usize)) {
            *place = slot;
        }
    }
    let mut wanted = KeptConstants::of(image, table.len(), sections.imports.len());
    let (code, features) = calls::read(bytes, &sections.bodies, &slots, wanted)?;
    if is_go && !code.signed && !code.unfolded {
        wanted.rewritten = true;
        return Ok(calls::read(bytes, &sections.bodies, &slots, wanted)?);
    }
    Ok((code, features))
}

/// What was asked of a Go program.
fn of_go<R>(
    sections: &Sections<'static>,
    info: &BuildInfo,
    image: &WasmImage,
    tables: &GoTables,
    references: References,
    ask: impl FnOnce(Contents<'_>) -> R,
) -> Answers<R> {
    let Some(md) = &tables.md else {
        return Answers::of(Contents::Unread, ask);
    };
    let tables = Tables {
        image,
        md,
        functions: tables.pclntab.read(image),
        coding: &tables.coding,
    };
    let code = crate::program::Code {
        bodies: &sections.bodies,
        first: sections.imports.len(),
        exported: sections.exported(),
        references,
    };
    let program = Program::new(tables, info, code);
    let release = go_version(&sections.producers);
    let contents = Contents::Go {
        program: &program,
        goos: sections.goos(info),
        release: release.as_deref().and_then(release_of).unwrap_or(0),
    };
    Answers {
        go: Some(program.tables()),
        ..Answers::of(contents, ask)
    }
}

/// What the contents of a file were asked, by this crate and by its user.
struct Answers<R> {
    packages: Vec<PackageSize>,
    go: Option<GoSizes>,
    answer: R,
}

impl<R> Answers<R> {
    fn of(contents: Contents<'_>, ask: impl FnOnce(Contents<'_>) -> R) -> Self {
        Self {
            packages: contents.packages(),
            go: None,
            answer: ask(contents),
        }
    }
}

/// What its bytes say, besides their sections and contents.
struct Read {
    producer: Producer,
    features: BTreeSet<&'static str>,
    undefined_calls: Vec<UndefinedCall>,
    invalid: Option<String>,
    names: Names,
}

fn file<R>(
    name: &str,
    sections: Sections<'_>,
    info: BuildInfo,
    read: Read,
    asked: Answers<R>,
) -> (WasmFile, R) {
    let entry = sections.entry();
    let file = WasmFile {
        hosts: Vec::new(),
        glue: None,
        schema: SCHEMA,
        file: name.to_owned(),
        package: None,
        targets: Vec::new(),
        producer: read.producer,
        go_version: go_version(&sections.producers),
        main: info.path,
        modules: info.modules,
        settings: info.settings,
        entry,
        exports: sections.exports,
        features: read.features.iter().map(|f| (*f).to_owned()).collect(),
        memory: sections.memory,
        size: Sizes {
            go: asked.go,
            ..sections.size
        },
        function_count: sections.bodies.len(),
        names: read.names,
        invalid: read.invalid,
        imports: sections.imports,
        producers: sections.producers,
        undefined_calls: read.undefined_calls,
        packages: asked.packages,
        sinks: Vec::new(),
        functions: Vec::new(),
    };
    (file, asked.answer)
}

impl Stacks<WasmImage> {
    /// Of a wasm file; none when it is no Go program.
    pub fn read(wasm: &[u8]) -> Option<Self> {
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.ok()?;
            if !matches!(payload, Payload::CustomSection(_)) {
                sections.take(payload).ok()?;
            }
        }
        let image = WasmImage::of(&sections.segments)?;
        let (header, coding) = function_table(&image, &sections)?;
        let first = u32::try_from(sections.imports.len()).ok()?;
        Self::new(image, header, coding, first, sections.bodies.len())
    }
}

fn check_magic(bytes: &[u8]) -> Result<(), WasmError> {
    if bytes.is_empty() {
        return Err(WasmError::Empty);
    }
    let magic = b"\0asm";
    if !bytes.starts_with(&magic[..bytes.len().min(4)]) {
        let start: String = bytes
            .iter()
            .take(8)
            .map(|b| b.escape_ascii().to_string())
            .collect();
        return Err(WasmError::NotWasm(format!("`{start}`")));
    }
    if Parser::is_component(bytes) {
        return Err(WasmError::Component);
    }
    Ok(())
}

fn why_invalid(bytes: &[u8]) -> Option<String> {
    let error = Validator::new_with_features(WasmFeatures::all())
        .validate_all(bytes)
        .err()?;
    Some(format!("{} (at byte {})", error.message(), error.offset()))
}

/// What the `producers` section says; Go's own tables say it where the section was stripped.
fn producer(fields: &[ProducerField], has_pclntab: bool) -> Producer {
    let made_with = |name: &str| fields.iter().any(|f| f.name.eq_ignore_ascii_case(name));
    let language = |name: &str| {
        fields
            .iter()
            .any(|f| f.field == "language" && f.name == name)
    };
    if made_with("TinyGo") {
        Producer::Tinygo
    } else if has_pclntab || language("Go") {
        Producer::Go
    } else if language("Rust") {
        Producer::Rust
    } else if made_with("AssemblyScript") {
        Producer::Assemblyscript
    } else if made_with("clang") || language("C_plus_plus_14") || language("C11") {
        Producer::Clang
    } else {
        Producer::Unknown
    }
}

/// N of Go 1.N.
pub(crate) fn release_of(version: &str) -> Option<u32> {
    version
        .strip_prefix("go1.")?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// `language: Go go1.26.8` (`cmd/link/internal/wasm/asm.go`, `writeProducerSec`).
fn go_version(fields: &[ProducerField]) -> Option<String> {
    let go = fields
        .iter()
        .find(|f| f.field == "language" && f.name == "Go")?;
    Some(go.version.clone()).filter(|v| !v.is_empty())
}

/// Whether a module imports functions that neither WASI nor Go's `wasm_exec.js` has.
pub fn has_own_host(bytes: &[u8]) -> bool {
    let known = |module| GOOSES.iter().any(|g| g.host_modules.contains(module));
    imports(bytes).iter().any(|module| !known(module))
}

/// Whether a module imports functions of Go's `wasm_exec.js`. Only what stands before its code is read.
pub fn is_js(bytes: &[u8]) -> bool {
    let host = Goos::Js.info().host_modules;
    imports(bytes).iter().any(|m| host.contains(m))
}

/// The modules that imports name.
fn imports(bytes: &[u8]) -> Vec<&str> {
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ImportSection(imports)) => {
                let all = imports.into_imports().map_while(Result::ok);
                return all.map(|import| import.module).collect();
            }
            Ok(Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use model::Entry;

    use super::*;

    #[test]
    fn what_is_no_module_is_refused_with_a_reason() {
        let told = |bytes: &[u8]| {
            inspect("x", bytes.to_vec(), |_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(told(b"").contains("empty"));
        assert!(
            told(b"#!/bin/sh\n").contains("#!/bin/s"),
            "{}",
            told(b"#!/bin/sh\n")
        );
        assert!(told(b"\0as").contains("damaged"), "{}", told(b"\0as"));
        assert!(told(b"\0asm\x0d\0\x01\0").contains("component"));
        // A code section that claims to be 4 GiB long.
        let huge = b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f\x01";
        assert!(told(huge).contains("damaged at byte"), "{}", told(huge));
    }

    #[test]
    fn a_module_of_nobody_is_read() {
        let (file, ()) = inspect("x", b"\0asm\x01\0\0\0".to_vec(), |_| ()).unwrap();
        assert_eq!(
            (file.producer, file.entry, file.go_version),
            (Producer::Unknown, Entry::None, None)
        );
        assert_eq!(file.invalid, None);
    }
}
