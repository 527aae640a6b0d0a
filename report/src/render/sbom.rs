//! The modules of a Go program as a software bill of materials: `CycloneDX` 1.6
//! (<https://cyclonedx.org/docs/1.6/json/>), with package URLs of type `golang`.

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

/// `pkg:golang/path@version`; a plus sign is escaped as the specification of package URLs wants.
fn url(path: &str, version: &str) -> String {
    format!("pkg:golang/{path}@{}", version.replace('+', "%2B"))
}
