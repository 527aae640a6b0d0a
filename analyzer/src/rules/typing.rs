//! `missing-member`, `compiler`: what a little knowledge of types shows: fields and methods of
//! named types, interfaces that a type no longer satisfies, constants that no longer fit,
//! functions that no longer return.
//!
//! A type counts as lacking a name only when all that it consists of was read.

use std::collections::{HashMap, HashSet};

use model::{Effect, Finding, Rule};

use super::names::{Qualifiers, qualifiers};
use super::{Context, Saying, excluded};
use crate::facts::{
    Access, DeclKind, FileFacts, FunctionFact, Shape, Span, TypeFact, TypeRef, Wanted,
};
use crate::graph::{Graph, Package};
use crate::source::Source;

pub(super) fn check<'g, 'a>(
    cx: &'g Context<'g, 'a>,
    types: &'g Types<'g, 'a>,
    findings: &mut Vec<Finding>,
) {
    let mut told = told(findings);
    for package in cx.judged().filter(|p| p.is_whole()) {
        for file in &package.files {
            let name = cx.places().name_in(package.listed, &file.name);
            let known = told.remove(&name).unwrap_or_default();
            let mut at = At {
                cx,
                types,
                package,
                file,
                known,
            };
            at.accesses(findings);
            at.keys(findings);
            at.conversions(findings);
            at.negatives(findings);
            at.returns(findings);
        }
    }
}

/// Lines and columns of each file that have a finding: nothing is told twice.
fn told(findings: &[Finding]) -> HashMap<String, HashSet<(u32, u32)>> {
    let mut told: HashMap<String, HashSet<(u32, u32)>> = HashMap::new();
    for finding in findings {
        told.entry(finding.file.clone())
            .or_default()
            .insert((finding.line, finding.column));
    }
    told
}

/// The declared types of all packages.
pub(super) struct Types<'g, 'a> {
    graph: &'g Graph<'a>,
    /// What the names before a dot stand for in each file, by the file's address.
    qualifiers: HashMap<*const Source, Qualifiers<'g>>,
    declared: HashMap<(&'g str, &'g str), Declared<'g, 'a>>,
    methods: HashSet<(&'g str, &'g str, &'g str)>,
    functions: HashMap<(&'g str, &'g str), Function<'g, 'a>>,
}

#[derive(Clone, Copy)]
struct Function<'g, 'a> {
    package: &'g Package<'a>,
    file: &'g Source,
    fact: &'g FunctionFact,
}

#[derive(Clone, Copy)]
struct Declared<'g, 'a> {
    package: &'g Package<'a>,
    file: &'g Source,
    fact: &'g TypeFact,
}

/// Aliases of types of the same package, and what they stand for: a method may be declared on
/// either name.
fn aliases<'p>(package: &'p Package<'_>) -> HashMap<&'p str, &'p str> {
    let mut aliases = HashMap::new();
    for facts in package.files.iter().map(|f| &f.facts) {
        for fact in facts.typing.types.iter().filter(|t| t.alias) {
            if let Shape::Named(TypeRef {
                qualifier: None,
                name,
                ..
            }) = fact.shape
            {
                aliases.insert(facts.text(fact.name), facts.text(name));
            }
        }
    }
    aliases
}

/// A type that a name leads to.
#[derive(Clone, Copy)]
enum Ty<'g, 'a> {
    Declared(Declared<'g, 'a>),
    /// A predeclared type.
    Basic(&'g str),
}

/// Whether a type has a field or method.
enum Member<'g, 'a> {
    /// It has, with its type where that is known.
    There(Option<Ty<'g, 'a>>),
    Missing,
    Unknown,
}

/// Longest way through embedded and renamed types.
const MAX_DEPTH: u32 = 8;

impl<'g, 'a> Types<'g, 'a> {
    pub(super) fn of(cx: &'g Context<'g, 'a>, graph: &'g Graph<'a>) -> Self {
        let (mut declared, mut methods) = (HashMap::new(), HashSet::new());
        let mut functions = HashMap::new();
        let mut by_file = HashMap::new();
        for package in graph.packages.values().filter(|p| p.is_whole()) {
            let aliases = aliases(package);
            for file in &package.files {
                let file: &Source = file;
                by_file.insert(&raw const *file, qualifiers(cx, package, &file.facts));
                for fact in &file.facts.typing.types {
                    let name = file.facts.text(fact.name);
                    declared.insert(
                        (package.path(), name),
                        Declared {
                            package,
                            file,
                            fact,
                        },
                    );
                }
                for fact in &file.facts.typing.functions {
                    let key = (package.path(), file.facts.text(fact.name));
                    let function = Function {
                        package,
                        file,
                        fact,
                    };
                    functions.insert(key, function);
                }
                for decl in file
                    .facts
                    .decls
                    .iter()
                    .filter(|d| d.kind == DeclKind::Method)
                {
                    let written = decl.recv.map_or("", |r| file.facts.text(r));
                    let way =
                        std::iter::successors(Some(written), |name| aliases.get(name).copied());
                    let recv = way.take(MAX_DEPTH as usize).last().unwrap_or(written);
                    methods.insert((package.path(), recv, file.facts.text(decl.name)));
                }
            }
        }
        Self {
            graph,
            qualifiers: by_file,
            declared,
            methods,
            functions,
        }
    }

    /// The path of the package that a name leads to from a file.
    fn path_of(
        &self,
        package: &'g Package<'a>,
        file: &'g Source,
        name: TypeRef,
    ) -> Option<&'g str> {
        match name.qualifier {
            Some(qualifier) => {
                let known = self.qualifiers.get(&(&raw const *file))?;
                self.graph.key(known.path(file.facts.text(qualifier))?)
            }
            None => Some(package.path()),
        }
    }

    /// The type of a parameter of a function that is called from a file.
    fn parameter(
        &self,
        package: &'g Package<'a>,
        file: &'g Source,
        name: TypeRef,
        number: usize,
    ) -> Option<Ty<'g, 'a>> {
        let path = self.path_of(package, file, name)?;
        let function = self.functions.get(&(path, file.facts.text(name.name)))?;
        let wanted = (*function.fact.parameters.get(number)?)?;
        self.resolve(function.package, function.file, wanted)
    }

    /// Where a name leads from a file.
    fn resolve(
        &self,
        package: &'g Package<'a>,
        file: &'g Source,
        name: TypeRef,
    ) -> Option<Ty<'g, 'a>> {
        let text = file.facts.text(name.name);
        let path = self.path_of(package, file, name)?;
        if let Some((number, of)) = name.result {
            let function = self.functions.get(&(path, text))?;
            let results = &function.fact.results;
            let whole = results.len() == usize::from(of);
            let ty = (*results.get(usize::from(number)).filter(|_| whole)?)?;
            return self.resolve(function.package, function.file, ty);
        }
        let declared = self.declared.get(&(path, text)).copied().map(Ty::Declared);
        let basic = || {
            (name.qualifier.is_none() && crate::facts::is_predeclared(text))
                .then_some(Ty::Basic(text))
        };
        declared.or_else(basic)
    }

    fn resolve_in(&self, of: Declared<'g, 'a>, name: TypeRef) -> Option<Ty<'g, 'a>> {
        self.resolve(of.package, of.file, name)
    }

    /// The methods of the standard library that a selector goes through or ends with, by their
    /// symbols.
    pub(super) fn std_methods(
        &self,
        package: &'g Package<'a>,
        file: &'g Source,
        access: &Access,
    ) -> Vec<String> {
        let mut ty = self.resolve(package, file, access.base);
        let mut symbols = Vec::new();
        for sel in &access.path {
            let Some(Ty::Declared(of)) = ty else { break };
            let name = file.facts.text(*sel);
            if of.package.listed.standard {
                let declared = of.file.facts.text(of.fact.name);
                symbols.push(format!("{}.(*{declared}).{name}", of.package.path()));
            }
            ty = match self.member(Ty::Declared(of), name, 0) {
                Member::There(next) => next,
                _ => break,
            };
        }
        symbols
    }

    /// Look for a field or method.
    fn member(&self, ty: Ty<'g, 'a>, name: &str, depth: u32) -> Member<'g, 'a> {
        let of = match ty {
            Ty::Basic("error") if name == "Error" => return Member::There(None),
            Ty::Basic(_) => return Member::Missing,
            Ty::Declared(of) => of,
        };
        let facts = &of.file.facts;
        if depth > MAX_DEPTH {
            return Member::Unknown;
        }
        if self
            .methods
            .contains(&(of.package.path(), facts.text(of.fact.name), name))
        {
            return Member::There(None);
        }
        match &of.fact.shape {
            Shape::Struct { fields, embeds } => {
                let field = fields.iter().find(|(field, _)| facts.text(*field) == name);
                if let Some((_, ty)) = field {
                    return Member::There(ty.and_then(|ty| self.resolve_in(of, ty)));
                }
                self.embedded(of, embeds, name, depth)
            }
            Shape::Interface { methods, embeds } => {
                if methods.iter().any(|m| facts.text(*m) == name) {
                    return Member::There(None);
                }
                self.embedded(of, embeds, name, depth)
            }
            Shape::Named(other) => match self.resolve_in(of, *other) {
                Some(other) => self.member(other, name, depth + 1),
                None => Member::Unknown,
            },
            Shape::Plain => Member::Missing,
            Shape::Opaque => Member::Unknown,
        }
    }

    fn embedded(
        &self,
        of: Declared<'g, 'a>,
        embeds: &[Option<TypeRef>],
        name: &str,
        depth: u32,
    ) -> Member<'g, 'a> {
        let mut unknown = false;
        for embed in embeds {
            let Some(embed) = embed else {
                unknown = true;
                continue;
            };
            let ty = self.resolve_in(of, *embed);
            if of.file.facts.text(embed.name) == name {
                return Member::There(ty);
            }
            match ty.map(|ty| self.member(ty, name, depth + 1)) {
                Some(Member::There(ty)) => return Member::There(ty),
                Some(Member::Missing) => {}
                Some(Member::Unknown) | None => unknown = true,
            }
        }
        if unknown {
            Member::Unknown
        } else {
            Member::Missing
        }
    }

    /// The methods of an interface type that are known; none when it is no interface.
    fn interface(&self, ty: Ty<'g, 'a>, depth: u32) -> Vec<&'g str> {
        let Ty::Declared(of) = ty else {
            return Vec::new();
        };
        match &of.fact.shape {
            Shape::Interface { methods, embeds } if depth <= MAX_DEPTH => {
                let mut all: Vec<&str> = methods.iter().map(|m| of.file.facts.text(*m)).collect();
                for embed in embeds
                    .iter()
                    .flatten()
                    .filter_map(|e| self.resolve_in(of, *e))
                {
                    all.extend(self.interface(embed, depth + 1));
                }
                all
            }
            Shape::Named(other) if depth <= MAX_DEPTH => self
                .resolve_in(of, *other)
                .map_or_else(Vec::new, |ty| self.interface(ty, depth + 1)),
            _ => Vec::new(),
        }
    }

    /// The predeclared type behind a named one.
    fn basic(&self, ty: Ty<'g, 'a>, depth: u32) -> Option<&'g str> {
        match ty {
            Ty::Basic(name) => Some(name),
            Ty::Declared(of) => match &of.fact.shape {
                Shape::Named(other) if depth <= MAX_DEPTH => {
                    self.basic(self.resolve_in(of, *other)?, depth + 1)
                }
                _ => None,
            },
        }
    }
}

/// One file, and what was told of it.
struct At<'g, 'a> {
    cx: &'g Context<'g, 'a>,
    types: &'g Types<'g, 'a>,
    package: &'g Package<'a>,
    file: &'g Source,
    known: HashSet<(u32, u32)>,
}

impl<'g, 'a> At<'g, 'a> {
    fn facts(&self) -> &'g FileFacts {
        &self.file.facts
    }

    fn resolve(&self, name: TypeRef) -> Option<Ty<'g, 'a>> {
        self.types.resolve(self.package, self.file, name)
    }

    fn accesses(&mut self, findings: &mut Vec<Finding>) {
        for access in &self.facts().typing.accesses {
            let mut ty = self.resolve(access.base);
            for sel in &access.path {
                let Some(of) = ty else { break };
                let name = self.facts().text(*sel);
                match self.types.member(of, name, 0) {
                    Member::There(next) => ty = next,
                    Member::Unknown => break,
                    Member::Missing => {
                        self.lacks(of, name, sel.pos, findings);
                        break;
                    }
                }
            }
        }
    }

    fn keys(&mut self, findings: &mut Vec<Finding>) {
        for (ty, key) in &self.facts().typing.keys {
            let Some(ty @ Ty::Declared(of)) = self.resolve(*ty) else {
                continue;
            };
            let name = self.facts().text(*key);
            let is_struct = matches!(of.fact.shape, Shape::Struct { .. });
            if is_struct && matches!(self.types.member(ty, name, 0), Member::Missing) {
                self.lacks(ty, name, key.pos, findings);
            }
        }
    }

    fn lacks(&mut self, ty: Ty<'g, 'a>, name: &str, pos: u32, findings: &mut Vec<Finding>) {
        let Ty::Declared(of) = ty else { return };
        let type_name = of.file.facts.text(of.fact.name);
        let path = of.package.path();
        let goos = self.cx.graph.goos;
        let message = format!("`{path}.{type_name}` has no field or method `{name}` on {goos}");
        let symbol = format!("{path}.(*{type_name}).{name}");
        self.tell(
            Rule::MissingMember,
            self.blame(of.package, name),
            symbol,
            message,
            pos,
            findings,
        );
    }

    /// A package of which files are left out that declare the name is hollow, and to blame.
    fn blame(&self, declaring: &Package<'a>, name: &str) -> String {
        let ignored = excluded::ignored_files(self.cx, declaring);
        let declares = |f: &FileFacts| {
            let methods = f
                .decls
                .iter()
                .filter(|d| d.kind == DeclKind::Method)
                .map(|d| d.name);
            f.members
                .iter()
                .copied()
                .chain(methods)
                .any(|m| f.text(m) == name)
        };
        let hollow = !declaring.listed.standard && ignored.iter().any(|f| declares(&f.facts));
        if hollow {
            declaring.path().to_owned()
        } else {
            self.package.path().to_owned()
        }
    }

    fn conversions(&mut self, findings: &mut Vec<Finding>) {
        for conversion in &self.facts().typing.conversions {
            let wanted = match conversion.to {
                Wanted::Type(ty) => self.resolve(ty),
                Wanted::Field(of, field) => self.field_type(of, field),
                Wanted::Parameter(function, number) => {
                    self.types
                        .parameter(self.package, self.file, function, number)
                }
            };
            let (Some(wanted), Some(from)) = (wanted, self.resolve(conversion.from)) else {
                continue;
            };
            let methods = self.types.interface(wanted, 0);
            let missing = methods
                .iter()
                .find(|m| matches!(self.types.member(from, m, 0), Member::Missing));
            if let (Some(method), Ty::Declared(of), Ty::Declared(to)) = (missing, from, wanted) {
                let type_name = of.file.facts.text(of.fact.name);
                let interface = to.file.facts.text(to.fact.name);
                let symbol = format!("{}.(*{type_name}).{method}", of.package.path());
                let goos = self.cx.graph.goos;
                let message = format!(
                    "`{type_name}` does not implement `{interface}` on {goos}: it has no method `{method}`"
                );
                self.tell(
                    Rule::MissingMember,
                    self.package.path().to_owned(),
                    symbol,
                    message,
                    conversion.pos,
                    findings,
                );
            }
        }
    }

    fn field_type(&self, of: TypeRef, field: Span) -> Option<Ty<'g, 'a>> {
        match self
            .types
            .member(self.resolve(of)?, self.facts().text(field), 0)
        {
            Member::There(ty) => ty,
            _ => None,
        }
    }

    /// Negative constants returned as a type that is unsigned here: `syscall.Signal` is on wasip1.
    fn negatives(&mut self, findings: &mut Vec<Finding>) {
        for (ty, pos) in &self.facts().typing.negatives {
            let basic = self.resolve(*ty).and_then(|ty| self.types.basic(ty, 0));
            let Some(basic) = basic.filter(|b| b.starts_with("uint") || *b == "byte") else {
                continue;
            };
            let name = self.facts().text(ty.name);
            let goos = self.cx.graph.goos;
            let message = format!(
                "a negative constant does not fit into `{name}`, which is `{basic}` on {goos}"
            );
            self.tell_of_package(message, *pos, findings);
        }
    }

    fn returns(&mut self, findings: &mut Vec<Finding>) {
        for pos in &self.facts().typing.missing_returns {
            let message =
                "the function has results, and its end can be reached: a return is missing"
                    .to_owned();
            self.tell_of_package(message, *pos, findings);
        }
    }

    /// An error that no symbol stands for.
    fn tell_of_package(&mut self, message: String, pos: u32, findings: &mut Vec<Finding>) {
        let package = self.package.path().to_owned();
        self.tell(
            Rule::Compiler,
            package.clone(),
            package,
            message,
            pos,
            findings,
        );
    }

    fn tell(
        &mut self,
        rule: Rule,
        root: String,
        symbol: String,
        message: String,
        pos: u32,
        findings: &mut Vec<Finding>,
    ) {
        if self.known.insert(self.facts().position(pos)) {
            let effect = Effect::FailsToBuild;
            let saying = Saying {
                rule,
                effect,
                root,
                symbol,
                message,
            };
            findings.push(self.cx.at(self.package, self.file, pos, saying));
        }
    }
}
