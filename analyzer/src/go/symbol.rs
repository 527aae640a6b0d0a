//! Names of functions, methods and fields in Go's own spelling.

use std::fmt;

/// A function, or a method, or a field.
#[derive(Clone, Copy)]
pub(crate) struct Symbol<'g> {
    path: &'g str,
    recv: &'g str,
    name: &'g str,
}

pub(crate) const fn symbol<'g>(path: &'g str, recv: &'g str, name: &'g str) -> Symbol<'g> {
    Symbol { path, recv, name }
}

impl Symbol<'_> {
    /// Write it into a string: most symbols are looked at once, and nothing is known of them.
    pub(crate) fn write(self, text: &mut String) {
        text.clear();
        let parts = match self.recv {
            "" => [self.path, ".", self.name, "", ""],
            recv => [self.path, ".(*", recv, ").", self.name],
        };
        text.extend(parts);
    }
}

/// In Go's own spelling: `path.Name`, `path.(*Recv).Name`.
impl fmt::Display for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}
