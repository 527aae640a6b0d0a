//! What stands in a wasm file: the answer of `wasmcheck inspect`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::target::Target;

/// A wasm file, read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmFile {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The file as it was named; in a report, `GOOS/import/path.wasm`.
    pub file: String,
    /// The main package that it was linked from; none for a file from elsewhere.
    pub package: Option<String>,
    /// The targets that it was linked for; empty for a file from elsewhere.
    pub targets: Vec<Target>,
    /// What made it.
    pub producer: Producer,
    /// Version of the Go toolchain, as `go version` prints it; for TinyGo that of the Go whose
    /// standard library it used, when it is known.
    pub go_version: Option<String>,
    /// Import path of the main package, as the build information says.
    pub main: Option<String>,
    /// The main module and the modules linked in, as the build information says. Empty without
    /// build information.
    pub modules: Vec<WasmModule>,
    /// Build settings: `GOOS`, `-tags`, `vcs.revision` …
    pub settings: Vec<Setting>,
    /// The fields of the `producers` section.
    pub producers: Vec<ProducerField>,
    /// All function imports, in the order of the file, duplicates kept.
    pub imports: Vec<WasmImport>,
    /// How a host starts it.
    pub entry: Entry,
    /// Names of all exported functions.
    pub exports: Vec<String>,
    /// Proposals beyond the first WebAssembly that its code uses, by their usual short names.
    pub features: Vec<String>,
    /// Its linear memory, defined or imported; none when it has none.
    pub memory: Option<Memory>,
    /// Sizes, in bytes.
    pub size: Sizes,
    /// Functions that it defines.
    pub function_count: usize,
    /// Whether the name section, or Go's own tables, tell the functions' names.
    pub names: Names,
    /// Why it is no valid module, if it is none. Not asked of what Go's linker wrote, as long as it
    /// calls no undefined function.
    pub invalid: Option<String>,
    /// Calls to undefined functions, which Go's linker let through.
    pub undefined_calls: Vec<UndefinedCall>,
    /// Which hosts can run it.
    #[serde(default)]
    pub hosts: Vec<HostFit>,
    /// The `wasm_exec.js` that lies beside it; none where there is none, or no program for it.
    #[serde(default)]
    pub glue: Option<Glue>,
    /// What the packages of a Go program take in its code section, the largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageSize>,
    /// The functions of the standard library in a Go program that behave differently on wasm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sinks: Vec<WasmSink>,
    /// The functions of a Go program, and those that exist only inlined. Only `inspect` has them,
    /// a report has not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<WasmFunction>,
}

/// Whether two things go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Nothing speaks against it.
    Yes,
    /// Something is missing, or too large.
    No,
    /// It depends on something that is not known.
    Unknown,
}

/// How a file fits a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFit {
    /// Name of the host.
    pub host: String,
    /// Whether it can load and start the file.
    pub fits: Fit,
    /// What speaks against it.
    pub why: Vec<String>,
    /// What the host needs to run it.
    pub with: Option<String>,
    /// What else is to be known.
    pub note: Option<String>,
    /// Where that is from.
    pub source: String,
}

/// A support file for Go in a JavaScript host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Glue {
    /// Its name.
    pub file: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Whether it is one for this program.
    pub fits: Fit,
    /// Why, in a sentence.
    #[serde(alias = "told")]
    pub summary: String,
}

/// What a package takes in a Go program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageSize {
    /// Import path; none for what the linker and assembly add.
    pub package: Option<String>,
    /// Path of its module; none for the standard library.
    pub module: Option<String>,
    /// Functions that it has in the code section.
    pub functions: usize,
    /// Bytes of their bodies.
    pub code: u64,
}

/// How a program gets to a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmPath {
    /// Where it begins.
    pub root: PathRoot,
    /// How believable it is: its least believable step.
    pub level: PathLevel,
    /// Functions, from the root to the function that is asked for.
    pub steps: Vec<PathStep>,
}

/// Where a path begins.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PathRoot {
    /// `main.main`.
    Main,
    /// The initialisation of a package.
    Init,
    /// A function that the host calls, `//go:wasmexport`.
    Export,
}

/// How believable a path is, the most believable first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PathLevel {
    /// Calls, and functions that are inlined.
    Direct,
    /// A function value is made on the way.
    FunctionValue,
    /// A value is converted to an interface, and has the method.
    Interface,
    /// A package variable holds what leads on.
    Variable,
    /// A type has the method, and something may call it through an interface.
    Methods,
    /// A type has the method, no interface has it, and something may look it up by its name.
    Reflection,
}

impl PathLevel {
    /// What has to be so for control to take the path.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Direct => "by calls alone",
            Self::FunctionValue => "if the function value is called",
            Self::Interface => "if the method is called through the interface",
            Self::Variable => "if what the variable holds is used",
            Self::Methods => "if something calls the method of the type",
            Self::Reflection => "if reflection calls the method of the type",
        }
    }
}

/// A function on a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// The linker's symbol name.
    pub function: String,
    /// File of the place in it that leads on, or of its declaration, as the build has it.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// How it leads to the next; none for the last.
    pub how: Option<StepKind>,
    /// The type, or the type and the interface, that it does so through.
    pub through: Option<String>,
}

/// How a function leads to the next.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It calls it.
    Call,
    /// It has it inlined.
    Inlined,
    /// It makes a value of it.
    FunctionValue,
    /// It converts a value that has it as a method.
    Interface,
    /// It uses a package variable that leads there.
    Variable,
    /// It uses a type that has it as a method.
    Methods,
    /// It uses a type that has it as a method, which only reflection can call.
    Reflection,
}

/// A function of the standard library in a program that fails, fakes or lies under wasm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmSink {
    /// As in `wasmcheck std`.
    pub symbol: String,
    /// Where it does so, of the targets that the file can be for.
    pub targets: Vec<Target>,
    /// Another function of the standard library is what gets there.
    pub inside_std: bool,
    /// What it does there. Files of programs that did not write it down have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behaviours: Vec<SinkBehaviour>,
    /// The most believable path to it.
    pub path: WasmPath,
}

/// What a function of the standard library does under wasm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SinkBehaviour {
    /// Where it does so, of [`WasmSink::targets`].
    pub targets: Vec<Target>,
    /// How its caller fares there.
    pub effect: Effect,
    /// What it does, in a sentence without a subject.
    pub what: String,
}

impl WasmSink {
    /// Whether the path begins at initialisation.
    pub fn is_init(&self) -> bool {
        self.path.root == PathRoot::Init
    }
}

/// A function of a Go program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmFunction {
    /// Function index, imports included; none for one that exists only inlined.
    pub index: Option<u32>,
    /// The linker's symbol name.
    pub name: String,
    /// Import path; none for symbols of the linker and of assembly.
    pub package: Option<String>,
    /// File of its first instruction, as the build has it.
    pub file: Option<String>,
    /// Line of its declaration.
    pub line: Option<u32>,
    /// From `main.main`, the init tasks of the packages, and exported functions.
    pub reachable: bool,
    /// From `main.main` alone.
    pub reachable_from_main: bool,
}

/// What made a wasm file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Producer {
    /// The Go toolchain.
    Go,
    /// TinyGo.
    Tinygo,
    /// Rust.
    Rust,
    /// C or C++ through clang.
    Clang,
    /// AssemblyScript.
    Assemblyscript,
    /// Something else, or nothing says what.
    Unknown,
}

impl Producer {
    /// The name as its makers write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Tinygo => "TinyGo",
            Self::Rust => "Rust",
            Self::Clang => "clang",
            Self::Assemblyscript => "AssemblyScript",
            Self::Unknown => "unknown producer",
        }
    }
}

/// A `mod` or `dep` line of Go's build information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmModule {
    /// Module path.
    pub path: String,
    /// Version as written there; `(devel)` for a module that was built in its own directory.
    pub version: String,
    /// `path version` of the module that replaced it.
    pub replaced_by: Option<String>,
}

/// A `build` line of Go's build information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// One value of the `producers` section (tool-conventions, `ProducersSection.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProducerField {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Name of the producer.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A function that the host supplies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WasmImport {
    /// Name of the import module.
    pub module: String,
    /// Name of the function.
    pub name: String,
}

/// How a host starts a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// It exports `_start`: a WASI command.
    Command,
    /// It exports `_initialize`: a WASI reactor.
    Reactor,
    /// It exports `run` and `resume`: Go for a JavaScript host.
    Js,
    /// It has a start section.
    Start,
    /// None of these: a host calls its exports.
    None,
}

/// Linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Pages that it starts with, of 64 KiB.
    pub min_pages: u64,
    /// Pages that it may grow to; none for no limit of its own.
    pub max_pages: Option<u64>,
    /// It is imported from the host.
    pub imported: bool,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sizes {
    /// The file.
    pub file: u64,
    /// Its code section.
    pub code: u64,
    /// Its data section.
    pub data: u64,
    /// Its custom sections.
    pub custom: u64,
    /// Its largest function body.
    #[serde(default)]
    pub largest_function: u64,
    /// How many data segments it has.
    #[serde(default)]
    pub data_segments: u64,
    /// Parts of a Go program; none for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go: Option<GoSizes>,
}

/// What parts of a Go program take, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoSizes {
    /// The table of functions, with their names, files and lines, in the data section.
    pub pclntab: u64,
    /// Type descriptors with their methods, without names, in the data section.
    pub types: u64,
    /// Code of the functions that only reflection keeps: exported methods that no interface has.
    /// The linker keeps them all once a program may look a method up by a name that it makes.
    pub reflection: u64,
    /// How many these are.
    pub reflection_functions: usize,
}

/// Where the names of functions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Go's own function table, which `-s` does not strip.
    Pclntab,
    /// The name section.
    NameSection,
    /// Nowhere.
    None,
}

/// A call instruction to a symbol that is not defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndefinedCall {
    /// The function with the call, by its linker symbol.
    pub caller: String,
    /// The function that is missing; none where it is not known.
    pub callee: Option<String>,
    /// The function that the call leads to instead; none where there is no function of that number,
    /// which no engine takes.
    #[serde(default)]
    pub instead: Option<String>,
    /// File of the call, as the binary says.
    pub file: Option<String>,
    /// Line of the call, from 1.
    pub line: Option<u32>,
}
