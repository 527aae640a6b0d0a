//! What linked programs contain, joined with what is known of the standard library.

mod sinks;

use gobin::{Contents, Line, WasmError, inspect};
use hashbrown::HashSet;
use model::{WasmFile, WasmPath, WasmSink};

pub use self::sinks::SinkUse;
use self::sinks::Sinks;

/// Read a wasm file; `name` is what the answer calls it.
pub fn read_wasm(name: &str, bytes: Vec<u8>) -> Result<WasmFile, WasmError> {
    Ok(inspect_wasm(name, bytes, InspectOptions::default())?.file)
}

/// What is asked about a file besides what every answer has.
#[derive(Clone, Copy, Debug, Default)]
pub struct InspectOptions<'a> {
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

impl InspectOptions<'_> {
    /// All functions.
    pub const FUNCTIONS: Self = Self {
        functions: true,
        uses: false,
        places: &[],
        why: None,
        count: 0,
    };
}

/// What an inspected file contains.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The file.
    pub file: WasmFile,
    /// The ways to the function that was asked for, the most believable first.
    pub ways: Vec<WasmPath>,
    /// The places that use what fails, fakes or lies, where they are asked for.
    pub uses: Vec<SinkUse>,
    /// The functions that behave differently on wasm and are in it, where uses are asked for.
    pub sinks: HashSet<&'static str>,
    /// The places that were asked for and have code.
    pub places: HashSet<Line>,
}

/// Read a wasm file, with what is asked for, and the ways.
pub fn inspect_wasm(
    name: &str,
    bytes: Vec<u8>,
    asked: InspectOptions<'_>,
) -> Result<Inspected, WasmError> {
    let ask = |contents: Contents<'_>| {
        let functions = asked.functions.then(|| contents.functions());
        let ways = asked.why.map(|symbol| contents.ways(symbol, asked.count));
        let places = contents.with_code(asked.places);
        (
            functions,
            ways,
            places,
            Misbehaving::of(contents, asked.uses),
        )
    };
    let (mut file, (functions, ways, places, known)) = inspect(name, bytes, ask)?;
    file.functions = functions.unwrap_or_default();
    file.sinks = known.reached;
    Ok(Inspected {
        file,
        ways: ways.unwrap_or_default(),
        uses: known.uses,
        sinks: known.symbols,
        places,
    })
}

/// The functions of a program that behave differently on wasm.
#[derive(Default)]
struct Misbehaving {
    reached: Vec<WasmSink>,
    uses: Vec<SinkUse>,
    symbols: HashSet<&'static str>,
}

impl Misbehaving {
    fn of(contents: Contents<'_>, uses: bool) -> Self {
        let Contents::Go {
            program,
            goos,
            release,
        } = contents
        else {
            return Self::default();
        };
        let sinks = Sinks::of(program, goos, release);
        let joined = uses.then(|| (sinks.uses(), sinks.symbols()));
        let (uses, symbols) = joined.unwrap_or_default();
        Self {
            reached: sinks.reached(),
            uses,
            symbols,
        }
    }
}
