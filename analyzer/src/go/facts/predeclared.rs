//! Names that need no declaration.

/// Names that are declared everywhere (specification, "Predeclared identifiers"; `clear`, `max`
/// and `min` since Go 1.21).
const UNIVERSE: &[&str] = &[
    "any",
    "append",
    "bool",
    "byte",
    "cap",
    "clear",
    "close",
    "comparable",
    "complex",
    "complex128",
    "complex64",
    "copy",
    "delete",
    "error",
    "false",
    "float32",
    "float64",
    "imag",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "iota",
    "len",
    "make",
    "max",
    "min",
    "new",
    "nil",
    "panic",
    "print",
    "println",
    "real",
    "recover",
    "rune",
    "string",
    "true",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
];

/// Whether a name needs no declaration.
pub(crate) fn is_predeclared(name: &str) -> bool {
    // None has an upper-case letter or more than ten.
    name.len() <= 10
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && UNIVERSE.binary_search(&name).is_ok()
}

/// Whether a predeclared name is that of a type.
pub(crate) fn is_type(name: &str) -> bool {
    const NO_TYPES: &[&str] = &[
        "append", "cap", "clear", "close", "complex", "copy", "delete", "false", "imag", "iota",
        "len", "make", "max", "min", "new", "nil", "panic", "print", "println", "real", "recover",
        "true",
    ];
    is_predeclared(name) && !NO_TYPES.contains(&name)
}
