//! The modules of a Go program as a software bill of materials: `CycloneDX` 1.6
//! (<https://cyclonedx.org/docs/1.6/json/>), with package URLs of type `golang`.

use std::fmt::Write as _;

use model::{WasmFile, WasmModule};
use serde_json::{Value, json};

/// The bill: the program is the first module, the standard library one of its parts.
pub fn bill(wasm: &WasmFile) -> Value {
    let main = wasm.modules.first();
    let parts = wasm.modules.iter().skip(1).map(component);
    let std = wasm.go_version.as_deref().and_then(standard_library);
    let parts: Vec<Value> = parts.chain(std).collect();
    let name = wasm.main.as_deref().unwrap_or(&wasm.file);
    let mut program = json!({"type": "application", "bom-ref": name, "name": name});
    if let Some(main) = main.filter(|m| m.version != "(devel)" && !m.version.is_empty()) {
        program["version"] = json!(main.version);
        program["purl"] = json!(url(&main.path, &main.version));
    }
    let version = env!("CARGO_PKG_VERSION");
    let tool = json!({"type": "application", "name": "wasmcheck", "version": version});
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": program},
        "components": parts,
    })
}

fn component(module: &WasmModule) -> Value {
    let replaced = module.replaced_by.as_deref().map(|by| {
        let (path, version) = by.split_once(' ').unwrap_or((by, ""));
        (path, version)
    });
    // What replaces a module is what was built.
    let (path, version) = replaced.unwrap_or((&module.path, &module.version));
    if path.starts_with(['.', '/']) || matches!(version, "" | "(devel)") {
        // A directory has no version, and no address.
        return json!({"type": "library", "bom-ref": module.path, "name": module.path});
    }
    let url = url(path, version);
    json!({"type": "library", "bom-ref": url, "name": path, "version": version, "purl": url})
}

/// As the vulnerability database of Go names it.
fn standard_library(go: &str) -> Option<Value> {
    let version = go.strip_prefix("go")?;
    let url = format!("pkg:golang/std@{version}");
    let std =
        json!({"type": "library", "bom-ref": url, "name": "std", "version": version, "purl": url});
    Some(std)
}

/// `pkg:golang/path@version`, percent-encoded as the specification of package URLs wants.
fn url(path: &str, version: &str) -> String {
    let (path, version) = (encoded(path, "/"), encoded(version, ""));
    format!("pkg:golang/{path}@{version}")
}

/// A text with all but unreserved characters, and some others, percent-encoded.
fn encoded(text: &str, others: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || others.contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ascii_whatever_a_module_is_called() {
        assert_eq!(
            url("example.com/x-y/v2", "v2.0.0+incompatible"),
            "pkg:golang/example.com/x-y/v2@v2.0.0%2Bincompatible"
        );
        assert_eq!(
            url("a\u{202e}@\x1b", "é?#"),
            "pkg:golang/a%E2%80%AE%40%1B@%C3%A9%3F%23"
        );
    }
}
