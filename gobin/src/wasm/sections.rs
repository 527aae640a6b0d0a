//! What the sections of a module say.

use std::ops::Range;

use model::{Entry, Goos, Memory, ProducerField, Sizes, WasmImport};
use wasmparser::{
    Element, ElementItems, ElementKind, Encoding, ExternalKind, KnownCustom, Operator, Parser,
    Payload, TypeRef,
};

use super::WasmError;
use super::image::Segment;
use crate::buildinfo::BuildInfo;
use crate::graph::Node;
use crate::pc::FIRST_INDEX;

/// What the sections of a module say.
#[derive(Debug, Default)]
pub(super) struct Sections<'w> {
    pub(super) producers: Vec<ProducerField>,
    pub(super) imports: Vec<WasmImport>,
    pub(super) exports: Vec<String>,
    /// Their function indices.
    pub(super) exported: Vec<u32>,
    /// Function indices by position in the first table.
    pub(super) elements: Vec<(u32, Vec<u32>)>,
    /// The function that runs at instantiation, if there is one.
    pub(super) start: Option<u32>,
    /// Type indices of the functions that it defines.
    pub(super) types: Vec<u32>,
    pub(super) memory: Option<Memory>,
    /// Ranges of the bodies in the file.
    pub(super) bodies: Vec<Range<usize>>,
    pub(super) segments: Vec<Segment<'w>>,
    /// Function names of the name section, by function index.
    pub(super) names: Vec<(u32, &'w str)>,
    pub(super) size: Sizes,
}

impl<'w> Sections<'w> {
    pub(super) fn read(bytes: &'w [u8]) -> Result<Self, WasmError> {
        let mut sections = Self::default();
        sections.size.file = bytes.len() as u64;
        for payload in Parser::new(0).parse_all(bytes) {
            sections.take(payload?)?;
        }
        Ok(sections)
    }

    pub(super) fn take(&mut self, payload: Payload<'w>) -> Result<(), WasmError> {
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
                    self.elements.extend(active_elements(&element?));
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

    /// A damaged custom section is skipped; the rest of the file is read.
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
    pub(super) fn without_text(self) -> Sections<'static> {
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
    pub(super) fn goos(&self, info: &BuildInfo) -> Goos {
        let imports = |goos: &Goos| {
            let host = goos.info().host_modules[0];
            self.imports.iter().any(|i| i.module == host)
        };
        // A program of `GOOS=js` may import functions of WASI, too.
        let goos = match info.settings.iter().find(|s| s.key == "GOOS") {
            Some(goos) => Goos::named(&goos.value),
            None => Goos::ALL.into_iter().rfind(imports),
        };
        goos.unwrap_or(Goos::ALL[0])
    }

    pub(super) fn entry(&self) -> Entry {
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
    pub(super) fn table(&self) -> Vec<Option<u32>> {
        let go = u32::try_from(FIRST_INDEX).unwrap_or(0);
        let listed = self.elements.iter().find(|(first, _)| *first == go);
        let functions = listed.map_or(&[][..], |(_, functions)| functions);
        let imports = u32::try_from(self.imports.len()).unwrap_or(u32::MAX);
        let locals = functions.iter().map(|index| index.checked_sub(imports));
        let count = self.bodies.len();
        locals
            .map(|local| local.filter(|local| (*local as usize) < count))
            .collect()
    }

    /// The functions that the host may call, but for those that start or resume a Go program, by their
    /// position in the code section.
    pub(super) fn exported(&self) -> Vec<Node> {
        let entry = ["_start", "_initialize", "run", "resume", "getsp"];
        let exports = self.exports.iter().zip(&self.exported);
        let others = exports.filter(|(name, _)| !entry.contains(&name.as_str()));
        others.filter_map(|(_, index)| self.local(*index)).collect()
    }

    /// Position in the code section of a function that the module defines.
    pub(super) fn local(&self, index: u32) -> Option<u32> {
        let imports = u32::try_from(self.imports.len()).ok()?;
        let local = index.checked_sub(imports)?;
        ((local as usize) < self.bodies.len()).then_some(local)
    }

    /// The name of a function that the module defines, as the name section has it.
    pub(super) fn name(&self, local: usize) -> Option<&'w str> {
        let index = u32::try_from(self.imports.len() + local).ok()?;
        let at = self.names.binary_search_by_key(&index, |(i, _)| *i).ok()?;
        Some(self.names[at].1)
    }
}

/// The functions of an active segment of the first table, and its offset.
fn active_elements(element: &Element<'_>) -> Option<(u32, Vec<u32>)> {
    let ElementKind::Active {
        table_index: None | Some(0),
        offset_expr,
    } = &element.kind
    else {
        return None;
    };
    let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read() else {
        return None;
    };
    let ElementItems::Functions(functions) = &element.items else {
        return None;
    };
    let functions = functions.clone().into_iter().map_while(Result::ok);
    Some((value.cast_unsigned(), functions.collect()))
}

fn of(memory: wasmparser::MemoryType, imported: bool) -> Memory {
    Memory {
        min_pages: memory.initial,
        max_pages: memory.maximum,
        imported,
    }
}

fn len(range: &Range<usize>) -> u64 {
    (range.end - range.start) as u64
}
