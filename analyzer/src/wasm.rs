//! What stands in a wasm file, whoever made it; for Go's, also what Go's own tables say.
//!
//! Reading goes on as far as the file allows: a module that does not validate is read, and the
//! reason stands in the answer. Only what is no core module at all is an error.

mod build;
mod buildinfo;
mod calls;
mod code;
mod generic;
mod graph;
mod hosts;
mod image;
mod moduledata;
mod objects;
mod paths;
mod pclntab;
mod program;
mod sinks;
mod stacks;
mod types;

use std::ops::Range;

use hashbrown::HashSet;
use model::{
    Entry, Goos, Memory, Names, PackageSize, Producer, ProducerField, SCHEMA, Sizes, WasmFile,
    WasmFunction, WasmImport, WasmModule, WasmPath,
};
use wasmparser::{
    BinaryReaderError, Encoding, ExternalKind, KnownCustom, Parser, Payload, TypeRef, Validator,
    WasmFeatures,
};

use self::buildinfo::BuildInfo;
use self::code::Wanted;
use self::generic::Generic;
pub use self::hosts::glue;
use self::image::Segment;
use self::pclntab::Pclntab;
use self::program::Program;
pub use self::sinks::SinkUse;
use self::sinks::Sinks;
pub use self::stacks::Stacks;

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

/// Read a wasm file; `name` is what the answer calls it.
pub fn read_wasm(name: &str, bytes: Vec<u8>) -> Result<WasmFile, WasmError> {
    Ok(inspect_wasm(name, bytes, Asked::default())?.file)
}

/// A file, and a line in it, from 1.
pub type Line = (String, u32);

/// What is asked about a file besides what every answer has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// All functions of a Go program.
    pub functions: bool,
    /// The places that use what fails, fakes or lies.
    pub uses: bool,
    /// Which of these files, as the build has them, and lines there is code of.
    pub places: &'a [Line],
    /// The ways to this function.
    pub why: Option<&'a str>,
    /// At most so many.
    pub count: usize,
}

impl Asked<'_> {
    /// All functions.
    pub const FUNCTIONS: Self = Self {
        functions: true,
        uses: false,
        places: &[],
        why: None,
        count: 0,
    };
}

/// What is said of a file.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The file.
    pub file: WasmFile,
    /// The ways to the function that was asked for, the most believable first.
    pub ways: Vec<WasmPath>,
    /// The places that use what fails, fakes or lies, where they are asked for.
    pub uses: Vec<SinkUse>,
    /// The functions that fail, fake or lie and are in it, where uses are asked for.
    pub sinks: HashSet<&'static str>,
    /// The places that were asked for and have code.
    pub places: HashSet<Line>,
}

/// Read a wasm file, with what is asked for, and the ways. The bytes go away as soon as they can: a
/// graph takes as much again.
pub fn inspect_wasm(name: &str, bytes: Vec<u8>, asked: Asked<'_>) -> Result<Inspected, WasmError> {
    check_magic(&bytes)?;
    let mut sections = Sections::read(&bytes)?;
    let image = image::Image::of(&std::mem::take(&mut sections.segments));
    let table = sections.table();
    let pclntab = image
        .as_ref()
        .and_then(|image| Pclntab::find(image, &table, sections.bodies.len()));
    let info = image.as_ref().and_then(BuildInfo::find).unwrap_or_default();
    let mut slots = vec![0; sections.bodies.len()];
    for (slot, local) in (0..).zip(&table) {
        if let Some(place) = local.and_then(|local| slots.get_mut(local as usize)) {
            *place = slot;
        }
    }
    let mut wanted = Wanted::of(image.as_ref(), table.len());
    let (mut code, mut features) = calls::read(&bytes, &sections.bodies, &slots, wanted)?;
    if pclntab.is_some() && !code.signed && !code.unfolded {
        wanted.rewritten = true;
        (code, features) = calls::read(&bytes, &sections.bodies, &slots, wanted)?;
    }
    let producer = producer(&sections.producers, pclntab.is_some());
    let undefined_calls = if producer == Producer::Go {
        calls::undefined(&code, pclntab.as_ref(), &sections)
    } else {
        Vec::new()
    };
    // What Go's linker wrote is valid but for calls to nobody; to validate costs as much as all the
    // rest.
    let as_linked = producer == Producer::Go && code.signed && undefined_calls.is_empty();
    let invalid = if as_linked { None } else { why_invalid(&bytes) };
    let names = match (&pclntab, sections.names.is_empty()) {
        (Some(_), _) => Names::Pclntab,
        (None, false) => Names::NameSection,
        (None, true) => Names::None,
    };
    let other = pclntab
        .is_none()
        .then(|| other(&Generic::read(&sections, &bytes, producer), asked));
    let (other_functions, other_ways, other_packages) = other.unwrap_or_default();
    let mut sections = sections.without_text();
    drop(bytes);
    let program = match (&image, &pclntab) {
        (Some(image), Some(pclntab)) => {
            Program::read(&sections, &info, image, pclntab, code, &table)
        }
        _ => None,
    };
    let go_version = go_version(&sections.producers);
    let goos = sections.goos(&info);
    let release = go_version.as_deref().and_then(release).unwrap_or(0);
    let program = program.as_ref();
    let known = program.map(|program| {
        let known = Sinks::of(program, goos, release);
        let joined = asked.uses.then(|| (known.uses(), known.symbols()));
        (known.reached(), joined.unwrap_or_default())
    });
    let (sinks, (uses, symbols)) = known.unwrap_or_default();
    let packages = program.map_or(other_packages, Program::packages);
    let places = program.map_or_else(HashSet::new, |p| p.with_code(asked.places));
    let functions = program.filter(|_| asked.functions);
    let functions = functions.map_or(other_functions, Program::functions);
    let ways = program.zip(asked.why);
    let ways = ways.map_or(other_ways, |(program, symbol)| {
        program.ways(symbol, asked.count)
    });
    sections.size.go = program.map(Program::tables);
    let mut file = WasmFile {
        hosts: Vec::new(),
        glue: None,
        schema: SCHEMA,
        file: name.to_owned(),
        package: None,
        targets: Vec::new(),
        producer,
        go_version,
        main: info.path,
        modules: info.modules.into_iter().map(WasmModule::from).collect(),
        settings: info.settings,
        entry: sections.entry(),
        exports: sections.exports,
        features: features.iter().map(|f| (*f).to_owned()).collect(),
        memory: sections.memory,
        size: sections.size,
        function_count: sections.bodies.len(),
        names,
        invalid,
        imports: sections.imports,
        producers: sections.producers,
        undefined_calls,
        packages,
        sinks,
        functions,
    };
    file.hosts = hosts::fits(&file);
    Ok(Inspected {
        file,
        ways,
        uses,
        sinks: symbols,
        places,
    })
}

/// What is asked about a module that is no Go program.
fn other(
    module: &Generic<'_, '_>,
    asked: Asked<'_>,
) -> (Vec<WasmFunction>, Vec<WasmPath>, Vec<PackageSize>) {
    let functions = asked.functions.then(|| module.functions());
    let ways = asked.why.map(|symbol| module.ways(symbol, asked.count));
    let packages = module.packages();
    (
        functions.unwrap_or_default(),
        ways.unwrap_or_default(),
        packages,
    )
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

/// What the sections of a module say.
#[derive(Debug, Default)]
struct Sections<'w> {
    producers: Vec<ProducerField>,
    imports: Vec<WasmImport>,
    exports: Vec<String>,
    /// Their function indices.
    exported: Vec<u32>,
    /// Function indices by position in the first table.
    elements: Vec<(u32, Vec<u32>)>,
    /// The function that runs at instantiation, if there is one.
    start: Option<u32>,
    /// Type indices of the functions that it defines.
    types: Vec<u32>,
    memory: Option<Memory>,
    /// Ranges of the bodies in the file.
    bodies: Vec<Range<usize>>,
    segments: Vec<Segment<'w>>,
    /// Function names of the name section, by function index.
    names: Vec<(u32, &'w str)>,
    size: Sizes,
}

impl<'w> Sections<'w> {
    fn read(bytes: &'w [u8]) -> Result<Self, WasmError> {
        let mut sections = Self::default();
        sections.size.file = bytes.len() as u64;
        for payload in Parser::new(0).parse_all(bytes) {
            sections.take(payload?)?;
        }
        Ok(sections)
    }

    fn take(&mut self, payload: Payload<'w>) -> Result<(), WasmError> {
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => return Err(WasmError::Component),
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory?;
                    self.memory.get_or_insert(of(memory, false));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push(export.name.to_owned());
                        self.exported.push(export.index);
                    }
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    self.elements.extend(program::elements(&element?));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.types.push(ty?);
                }
            }
            Payload::CodeSectionStart { range, .. } => self.size.code = len(&range),
            Payload::CodeSectionEntry(body) => {
                let bytes = len(&body.range());
                self.size.largest_function = self.size.largest_function.max(bytes);
                self.bodies.push(body.range());
            }
            Payload::DataSection(data) => {
                self.size.data = len(&data.range());
                self.size.data_segments = u64::from(data.count());
                // A segment takes four bytes at least, whatever the count says.
                let room = (data.range().end - data.range().start) / 4;
                let count = usize::try_from(data.count()).unwrap_or(room);
                self.segments.reserve_exact(count.min(room));
                for segment in data {
                    self.segments.extend(Segment::of(&segment?));
                }
            }
            Payload::CustomSection(custom) => {
                self.size.custom += len(&custom.range());
                self.custom(custom.as_known());
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef) {
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => self.imports.push(WasmImport {
                module: module.to_owned(),
                name: name.to_owned(),
            }),
            TypeRef::Memory(memory) => {
                self.memory.get_or_insert(of(memory, true));
            }
            _ => {}
        }
    }

    /// A custom section that is damaged says nothing, and damages nothing else.
    fn custom(&mut self, known: KnownCustom<'w>) {
        match known {
            KnownCustom::Producers(fields) => {
                for field in fields.into_iter().map_while(Result::ok) {
                    for value in field.values.into_iter().map_while(Result::ok) {
                        self.producers.push(ProducerField {
                            field: field.name.to_owned(),
                            name: value.name.to_owned(),
                            version: value.version.to_owned(),
                        });
                    }
                }
            }
            KnownCustom::Name(names) => {
                for part in names.into_iter().map_while(Result::ok) {
                    if let wasmparser::Name::Function(map) = part {
                        let functions = map.into_iter().map_while(Result::ok);
                        self.names.extend(functions.map(|n| (n.index, n.name)));
                    }
                }
            }
            _ => {}
        }
    }

    /// The same without what lies in the bytes of the file.
    fn without_text(self) -> Sections<'static> {
        Sections {
            producers: self.producers,
            imports: self.imports,
            exports: self.exports,
            exported: self.exported,
            elements: self.elements,
            start: self.start,
            types: self.types,
            memory: self.memory,
            bodies: self.bodies,
            segments: Vec::new(),
            names: Vec::new(),
            size: self.size,
        }
    }

    /// What it was linked for: the build information says so, or the imports do.
    fn goos(&self, info: &BuildInfo) -> Goos {
        let goos = info.settings.iter().find(|s| s.key == "GOOS");
        let js = match goos {
            Some(goos) => goos.value == "js",
            None => self.imports.iter().any(|i| i.module == "gojs"),
        };
        if js { Goos::Js } else { Goos::Wasip1 }
    }

    fn entry(&self) -> Entry {
        let exports = |name: &str| self.exports.iter().any(|e| e == name);
        if exports("_start") {
            Entry::Command
        } else if exports("_initialize") {
            Entry::Reactor
        } else if exports("run") && exports("resume") {
            Entry::Js
        } else if self.start.is_some() {
            Entry::Start
        } else {
            Entry::None
        }
    }

    /// Positions in the code section, by position in Go's function table.
    fn table(&self) -> Vec<Option<u32>> {
        let go = u32::try_from(pclntab::FIRST).unwrap_or(0);
        let listed = self.elements.iter().find(|(first, _)| *first == go);
        let functions = listed.map_or(&[][..], |(_, functions)| functions);
        let imports = u32::try_from(self.imports.len()).unwrap_or(u32::MAX);
        let locals = functions.iter().map(|index| index.checked_sub(imports));
        let count = self.bodies.len();
        locals
            .map(|local| local.filter(|local| (*local as usize) < count))
            .collect()
    }

    /// Position in the code section of a function that the module defines.
    fn local(&self, index: u32) -> Option<u32> {
        let imports = u32::try_from(self.imports.len()).ok()?;
        let local = index.checked_sub(imports)?;
        ((local as usize) < self.bodies.len()).then_some(local)
    }

    /// The name of a function that the module defines, as the name section has it.
    fn name(&self, local: usize) -> Option<&'w str> {
        let index = u32::try_from(self.imports.len() + local).ok()?;
        let at = self.names.binary_search_by_key(&index, |(i, _)| *i).ok()?;
        Some(self.names[at].1)
    }
}

fn of(memory: wasmparser::MemoryType, imported: bool) -> Memory {
    Memory {
        min_pages: memory.initial,
        max_pages: memory.maximum,
        imported,
    }
}

fn len(range: &std::ops::Range<usize>) -> u64 {
    (range.end - range.start) as u64
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
fn release(version: &str) -> Option<u32> {
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
    const KNOWN: [&str; 3] = ["wasi_snapshot_preview1", "gojs", "go"];
    imports(bytes).iter().any(|module| !KNOWN.contains(module))
}

/// Whether a module imports functions of Go's `wasm_exec.js`: `gojs`, up to Go 1.20 `go`
/// (`cmd/link/internal/wasm/asm.go`). Only what stands before its code is read.
pub fn is_js(bytes: &[u8]) -> bool {
    imports(bytes).iter().any(|m| ["gojs", "go"].contains(m))
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
    use super::*;

    #[test]
    fn what_is_no_module_is_refused_with_a_reason() {
        let told = |bytes: &[u8]| read_wasm("x", bytes.to_vec()).unwrap_err().to_string();
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
        let file = read_wasm("x", b"\0asm\x01\0\0\0".to_vec()).unwrap();
        assert_eq!(
            (file.producer, file.entry, file.go_version),
            (Producer::Unknown, Entry::None, None)
        );
        assert_eq!(file.invalid, None);
    }
}
