//! Why a package, a module or a function is there: ways of imports and of calls to it.

use model::{CallStep, Goos};

use crate::go::calls::Calls;
use crate::go::facts::Access;
use crate::go::graph::Graph;
use crate::go::types::{Place, Types};
use crate::scan::Scan;

/// What leads to a package, a module or a function in one build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// What was asked for is a package or a module of the build, or a function that it uses.
    pub known: bool,
    /// Chains of imports from own packages, mains first, each group shortest first.
    pub imports: Vec<Vec<String>>,
    /// Chains of calls from the user's code to uses of the function, shortest first.
    pub calls: Vec<Vec<CallStep>>,
    /// How many more uses there are that no chain of calls is known to.
    pub others: usize,
    /// Names that are spelled like what was asked for.
    pub similar: Vec<String>,
}

/// Longest lists.
const MAX: usize = 10;

impl Scan<'_> {
    /// What leads to a package, a module, or a function `path.Name` or `path.(*Type).Method`.
    pub fn why(&mut self, goos: Goos, what: &str) -> Option<Why> {
        let (cx, _) = self.build(goos)?;
        let mut why = Why::default();
        imports(cx.graph, what, &mut why);
        if !why.known {
            let name = |place: Place<'_, '_>| {
                let file = &place.file.name;
                cx.places().name_in(place.package.listed, file)
            };
            uses(cx.graph, what, &name, &mut why);
        }
        if !why.known {
            why.similar = similar(cx.graph, what);
        }
        Some(why)
    }
}

/// Ways of imports to a package, or to any package of a module.
fn imports(graph: &Graph<'_>, what: &str, why: &mut Why) {
    let is_it = |path: &str, module: Option<&str>| path == what || module == Some(what);
    let of_module = |path: &str| {
        let module = graph.get(path).and_then(|p| p.listed.module.as_ref());
        module.map(|m| m.path.as_str())
    };
    let mut chains = Vec::new();
    for path in graph.order.iter().filter(|p| is_it(p, of_module(p))) {
        why.known = true;
        chains.extend(
            graph
                .chains_to(path)
                .into_iter()
                .filter(|(_, c)| c.len() > 1),
        );
    }
    chains.sort_by(Graph::chain_order);
    let owned = |(_, chain): (bool, Vec<&str>)| chain.into_iter().map(str::to_owned).collect();
    why.imports = chains.into_iter().map(owned).collect();
}

/// Ways of calls to uses of a function.
fn uses<'g, 'a>(
    graph: &'g Graph<'a>,
    what: &str,
    name: &dyn Fn(Place<'g, 'a>) -> String,
    why: &mut Why,
) {
    let types = Types::of(graph);
    let calls = Calls::of(graph, &types);
    let packages = graph.packages.values().filter(|p| !p.listed.standard);
    for package in packages {
        for file in package.files() {
            let place = Place { package, file };
            let named =
                |u: &&crate::go::facts::Use| types.symbol_of_use(place, u).as_deref() == Some(what);
            let plain = file.facts.uses.iter().filter(named).copied();
            let mut found: Vec<_> = plain.collect();
            if what.contains("(*") {
                let things = types.things(place);
                let accesses = file.facts.typing.accesses.iter();
                let named = |a: &&Access| {
                    let symbol = types.method(place, &things, a);
                    symbol.is_some_and(|symbol| symbol.to_string() == what)
                };
                let methods = accesses.filter(named);
                found.extend(methods.map(|a| a.at));
            }
            for used in found {
                why.known = true;
                let (chains, _) = calls.chains(file, &used, name);
                match chains.into_iter().next() {
                    Some(chain) => why.calls.push(chain),
                    None => why.others += 1,
                }
            }
        }
    }
    why.calls
        .sort_by_cached_key(|chain| (chain.len(), chain.first().map(|s| s.function.clone())));
}

/// Packages whose path ends like what was asked for, or like the package of it.
fn similar(graph: &Graph<'_>, what: &str) -> Vec<String> {
    let last = what.rsplit('/').next().unwrap_or(what);
    let (package, symbol) = last.split_once('.').unwrap_or((last, ""));
    let ends = |path: &&&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name == package && !package.is_empty()
    };
    let named = graph.order.iter().filter(ends).map(|path| match symbol {
        "" => (*path).to_owned(),
        symbol => format!("{path}.{symbol}"),
    });
    named.filter(|name| name != what).take(MAX).collect()
}
