//! Where names and values lead: a little knowledge of types, enough to follow fields, methods and
//! results of calls through the packages of one build.
//!
//! What was not read, or not understood, leads nowhere: nothing is concluded from it.

mod constants;

pub(crate) use self::constants::Constant;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::go::facts::{
    Access, ConstantFact, FunctionFact, Shape, TypeFact, TypeRef, Use, Value, ValueId, is_type,
};
use crate::go::graph::{Graph, Package};
use crate::go::qualifiers::qualifiers;
use crate::go::source::Source;
use crate::go::symbol::{Symbol, symbol};
use hashbrown::HashMap;

/// Longest way through embedded and renamed types, and from variable to variable.
const MAX_DEPTH: u32 = 8;

/// The address of a package: quicker to look up than its path.
type Id<'a> = *const Package<'a>;

/// What the values of a file lead to, by their ids.
pub(crate) type Things<'g, 'a> = Rc<[Option<Thing<'g, 'a>>]>;

/// The declared types, functions and variables of all packages that were read as a whole.
pub(crate) struct Types<'g, 'a> {
    graph: &'g Graph<'a>,
    packages: HashMap<Id<'a>, OnceCell<Index<'g, 'a>>>,
    /// By the file's address.
    things: RefCell<HashMap<*const Source, Things<'g, 'a>>>,
}

/// What one package declares; made when it is first asked for.
#[derive(Default)]
struct Index<'g, 'a> {
    /// The packages that the names before a dot stand for in each file, by the file's address.
    imports: HashMap<*const Source, HashMap<&'g str, &'g Package<'a>>>,
    declared: HashMap<&'g str, Declared<'g, 'a>>,
    /// By base type of the receiver (empty for plain functions) and name.
    functions: HashMap<(&'g str, &'g str), Function<'g, 'a>>,
    variables: HashMap<&'g str, (Place<'g, 'a>, ValueId)>,
    constants: HashMap<&'g str, (Place<'g, 'a>, &'g ConstantFact)>,
}

/// A file of a package.
#[derive(Clone, Copy)]
pub(crate) struct Place<'g, 'a> {
    pub(crate) package: &'g Package<'a>,
    pub(crate) file: &'g Source,
}

/// A declared function or method.
#[derive(Clone, Copy)]
pub(crate) struct Function<'g, 'a> {
    pub(crate) place: Place<'g, 'a>,
    pub(crate) fact: &'g FunctionFact,
}

/// A declared type.
#[derive(Clone, Copy)]
pub(crate) struct Declared<'g, 'a> {
    pub(crate) place: Place<'g, 'a>,
    pub(crate) fact: &'g TypeFact,
}

/// A type that a name leads to.
#[derive(Clone, Copy)]
pub(crate) enum Ty<'g, 'a> {
    Declared(Declared<'g, 'a>),
    /// A predeclared type.
    Basic(&'g str),
}

/// What an expression leads to.
#[derive(Clone, Copy)]
pub(crate) enum Thing<'g, 'a> {
    Package(&'g Package<'a>),
    Type(Ty<'g, 'a>),
    /// A value of a type.
    Value(Ty<'g, 'a>),
    Function(Function<'g, 'a>),
}

/// Whether a type has a field or method.
pub(crate) enum Member<'g, 'a> {
    /// It has; what it is, where that is known.
    There(Option<Thing<'g, 'a>>),
    Missing,
    Unknown,
}

impl Ty<'_, '_> {
    /// Its name with its package's path.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Basic(name) => name.to_owned(),
            Self::Declared(of) => format!("{}.{}", of.place.package.path(), of.name()),
        }
    }
}

impl<'g> Declared<'g, '_> {
    pub(crate) fn name(self) -> &'g str {
        self.place.file.facts.text(self.fact.name)
    }
}

impl<'g> Function<'g, '_> {
    pub(crate) fn name(self) -> &'g str {
        self.place.file.facts.text(self.fact.name)
    }

    /// In Go's own spelling.
    pub(crate) fn symbol(self) -> Symbol<'g> {
        symbol(self.place.package.path(), self.recv(), self.name())
    }

    /// Base type of the receiver; empty for plain functions.
    pub(crate) fn recv(self) -> &'g str {
        let recv = self.fact.recv;
        recv.map_or("", |recv| self.place.file.facts.text(recv))
    }
}

/// Aliases of types of the same package, and what they stand for: a method may be declared on
/// either name.
fn aliases<'p>(package: &'p Package<'_>) -> HashMap<&'p str, &'p str> {
    let mut aliases = HashMap::new();
    for facts in package.files().iter().map(|f| &f.facts) {
        for fact in facts.typing.types.iter().filter(|t| t.alias) {
            if let Shape::Named(TypeRef {
                qualifier: None,
                name,
            }) = fact.shape
            {
                aliases.insert(facts.text(fact.name), facts.text(name));
            }
        }
    }
    aliases
}

impl<'g, 'a> Types<'g, 'a> {
    pub(crate) fn of(graph: &'g Graph<'a>) -> Self {
        let packages = graph.packages.values();
        Self {
            graph,
            packages: packages.map(|p| (&raw const *p, OnceCell::new())).collect(),
            things: RefCell::default(),
        }
    }

    fn index(&self, package: &'g Package<'a>) -> Option<&Index<'g, 'a>> {
        let index = self.packages.get(&(&raw const *package))?;
        Some(index.get_or_init(|| Index::of(self.graph, package)))
    }
}

impl<'g, 'a> Index<'g, 'a> {
    fn of(graph: &'g Graph<'a>, package: &'g Package<'a>) -> Self {
        let mut index = Self::default();
        let aliases = aliases(package);
        let whole = package.is_whole();
        for file in package.files() {
            index.add_imports(graph, Place { package, file });
            if whole {
                index.add(Place { package, file }, &aliases);
            }
        }
        index
    }

    fn add_imports(&mut self, graph: &'g Graph<'a>, place: Place<'g, 'a>) {
        let known = qualifiers(graph, place.package, &place.file.facts);
        let imports = known
            .all()
            .filter_map(|(name, path)| Some((name, graph.get(path)?)));
        self.imports
            .insert(&raw const *place.file, imports.collect());
    }

    fn add(&mut self, place: Place<'g, 'a>, aliases: &HashMap<&'g str, &'g str>) {
        let facts = &place.file.facts;
        for fact in &facts.typing.types {
            let declared = Declared { place, fact };
            self.declared.insert(declared.name(), declared);
        }
        for fact in &facts.typing.functions {
            let function = Function { place, fact };
            let written = function.recv();
            let way = std::iter::successors(Some(written), |name| aliases.get(name).copied());
            let recv = way.take(MAX_DEPTH as usize).last().unwrap_or(written);
            self.functions.insert((recv, function.name()), function);
        }
        for variable in &facts.typing.variables {
            self.variables
                .insert(facts.text(variable.name), (place, variable.value));
        }
        for constant in &facts.typing.constants.declared {
            self.constants
                .insert(facts.text(constant.name), (place, constant));
        }
    }
}

impl<'g, 'a> Types<'g, 'a> {
    // Names.

    /// What a name of a package leads to.
    fn in_package(
        &self,
        package: &'g Package<'a>,
        name: &str,
        depth: u32,
    ) -> Option<Thing<'g, 'a>> {
        let index = self.index(package)?;
        if let Some(declared) = index.declared.get(name) {
            return Some(Thing::Type(Ty::Declared(*declared)));
        }
        if let Some(function) = index.functions.get(&("", name)) {
            return Some(Thing::Function(*function));
        }
        let (place, value) = index.variables.get(name)?;
        match self.thing(*place, *value, depth + 1)? {
            value @ Thing::Value(_) => Some(value),
            _ => None,
        }
    }

    /// A declared type of a package.
    pub(crate) fn declared(&self, package: &'g Package<'a>, name: &str) -> Option<Ty<'g, 'a>> {
        let declared = self.index(package)?.declared.get(name);
        declared.copied().map(Ty::Declared)
    }

    /// What a use leads to: a name of the package, or of an import.
    pub(crate) fn used(&self, place: Place<'g, 'a>, used: &Use) -> Option<Thing<'g, 'a>> {
        let text = |span| place.file.facts.text(span);
        match used.sel {
            None => self.in_package(place.package, text(used.base), 0),
            Some(sel) => self.in_package(self.import(place, text(used.base))?, text(sel), 0),
        }
    }

    /// The type that a written name leads to from a file.
    pub(crate) fn resolve(&self, place: Place<'g, 'a>, name: TypeRef) -> Option<Ty<'g, 'a>> {
        let text = place.file.facts.text(name.name);
        let package = match name.qualifier {
            Some(qualifier) => self.import(place, place.file.facts.text(qualifier))?,
            None => place.package,
        };
        let declared = self.declared(package, text);
        let basic = || (name.qualifier.is_none() && is_type(text)).then_some(Ty::Basic(text));
        declared.or_else(basic)
    }

    /// The package that a name before a dot stands for.
    pub(crate) fn import(&self, place: Place<'g, 'a>, name: &str) -> Option<&'g Package<'a>> {
        let index = self.index(place.package)?;
        let imports = index.imports.get(&(&raw const *place.file))?;
        imports.get(name).copied()
    }

    // Values.

    /// What the values of a file lead to, in their order.
    pub(crate) fn things(&self, place: Place<'g, 'a>) -> Things<'g, 'a> {
        let file = &raw const *place.file;
        let known = self.things.borrow().get(&file).cloned();
        known.unwrap_or_else(|| {
            let things = self.new_things(place);
            self.things.borrow_mut().insert(file, Rc::clone(&things));
            things
        })
    }

    fn new_things(&self, place: Place<'g, 'a>) -> Things<'g, 'a> {
        let values = &place.file.facts.typing.values;
        let mut things: Vec<Option<Thing<'g, 'a>>> = Vec::with_capacity(values.len());
        for value in values {
            let thing = self.step(place, *value, 0, |id| {
                things.get(id as usize).copied().flatten()
            });
            things.push(thing);
        }
        things.into()
    }

    /// What one value leads to.
    fn thing(&self, place: Place<'g, 'a>, id: ValueId, depth: u32) -> Option<Thing<'g, 'a>> {
        if depth > 4 * MAX_DEPTH {
            return None;
        }
        let value = place.file.facts.typing.values.get(id as usize)?;
        self.step(place, *value, depth, |id| self.thing(place, id, depth + 1))
    }

    fn step(
        &self,
        place: Place<'g, 'a>,
        value: Value,
        depth: u32,
        earlier: impl Fn(ValueId) -> Option<Thing<'g, 'a>>,
    ) -> Option<Thing<'g, 'a>> {
        let text = |span| place.file.facts.text(span);
        match value {
            Value::Of(ty) => self.resolve(place, ty).map(Thing::Value),
            Value::Name(name) => self.name(place, text(name), depth),
            Value::Member(of, name) => match earlier(of)? {
                Thing::Package(package) => self.in_package(package, text(name), depth),
                Thing::Value(ty) => match self.member(ty, text(name), 0) {
                    Member::There(thing) => thing,
                    _ => None,
                },
                Thing::Type(_) | Thing::Function(_) => None,
            },
            Value::Result(of, number, all) => match earlier(of)? {
                Thing::Type(ty) => (all == 1).then_some(Thing::Value(ty)),
                Thing::Function(function) => {
                    let results = &function.fact.results;
                    let whole = results.len() == usize::from(all);
                    let ty = (*results.get(usize::from(number)).filter(|_| whole)?)?;
                    self.resolve(function.place, ty).map(Thing::Value)
                }
                Thing::Package(_) | Thing::Value(_) => None,
            },
        }
    }

    fn name(&self, place: Place<'g, 'a>, name: &'g str, depth: u32) -> Option<Thing<'g, 'a>> {
        let own = self.in_package(place.package, name, depth);
        own.or_else(|| self.import(place, name).map(Thing::Package))
            .or_else(|| is_type(name).then_some(Thing::Type(Ty::Basic(name))))
    }

    // Members.

    /// Look for a field or method.
    pub(crate) fn member(&self, ty: Ty<'g, 'a>, name: &str, depth: u32) -> Member<'g, 'a> {
        let of = match ty {
            Ty::Basic("error") if name == "Error" => return Member::There(None),
            Ty::Basic("any") => return Member::Unknown,
            Ty::Basic(_) => return Member::Missing,
            Ty::Declared(of) => of,
        };
        let facts = &of.place.file.facts;
        if depth > MAX_DEPTH {
            return Member::Unknown;
        }
        let index = self.index(of.place.package);
        if let Some(method) = index.and_then(|i| i.functions.get(&(of.name(), name))) {
            return Member::There(Some(Thing::Function(*method)));
        }
        match &of.fact.shape {
            Shape::Struct { fields, embeds } => {
                let field = fields.iter().find(|(field, _)| facts.text(*field) == name);
                if let Some((_, ty)) = field {
                    return Member::There(self.value_of(of, *ty));
                }
                self.embedded(of, embeds, name, depth)
            }
            Shape::Interface { methods, embeds } => {
                let method = methods.iter().find(|m| facts.text(m.name) == name);
                if let Some(fact) = method {
                    let function = Function {
                        place: of.place,
                        fact,
                    };
                    return Member::There(Some(Thing::Function(function)));
                }
                self.embedded(of, embeds, name, depth)
            }
            Shape::Named(other) => match self.resolve(of.place, *other) {
                Some(other) => self.member(other, name, depth + 1),
                None => Member::Unknown,
            },
            Shape::Plain => Member::Missing,
            Shape::Opaque => Member::Unknown,
        }
    }

    fn value_of(&self, of: Declared<'g, 'a>, ty: Option<TypeRef>) -> Option<Thing<'g, 'a>> {
        self.resolve(of.place, ty?).map(Thing::Value)
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
            let ty = self.resolve(of.place, *embed);
            if of.place.file.facts.text(embed.name) == name {
                return Member::There(ty.map(Thing::Value));
            }
            match ty.map(|ty| self.member(ty, name, depth + 1)) {
                Some(Member::There(thing)) => return Member::There(thing),
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

    /// The field or method that a selector names, by its symbol.
    pub(crate) fn method(
        &self,
        place: Place<'g, 'a>,
        things: &[Option<Thing<'g, 'a>>],
        access: &Access,
    ) -> Option<Symbol<'g>> {
        let Some(Thing::Value(ty @ Ty::Declared(of))) = things.get(access.of as usize)? else {
            return None;
        };
        let name = place.file.facts.text(access.at.base);
        match self.member(*ty, name, 0) {
            // A promoted method is that of the type that declares it.
            Member::There(Some(Thing::Function(function))) => Some(function.symbol()),
            _ => Some(symbol(of.place.package.path(), of.name(), name)),
        }
    }

    /// The package-level name that a use is one of, by its symbol.
    pub(crate) fn symbol_of_use(&self, place: Place<'g, 'a>, used: &Use) -> Option<String> {
        let text = |span| place.file.facts.text(span);
        if let Some(sel) = used.sel {
            let package = self.import(place, text(used.base))?;
            return Some(format!("{}.{}", package.path(), text(sel)));
        }
        self.used(place, used)?;
        Some(format!("{}.{}", place.package.path(), text(used.base)))
    }

    /// The methods of an interface type that are known; none when it is no interface.
    pub(crate) fn interface(&self, ty: Ty<'g, 'a>, depth: u32) -> Vec<&'g str> {
        let Ty::Declared(of) = ty else {
            return Vec::new();
        };
        match &of.fact.shape {
            Shape::Interface { methods, embeds } if depth <= MAX_DEPTH => {
                let text = |m: &FunctionFact| of.place.file.facts.text(m.name);
                let mut all: Vec<&str> = methods.iter().map(text).collect();
                let embeds = embeds.iter().flatten();
                for embed in embeds.filter_map(|e| self.resolve(of.place, *e)) {
                    all.extend(self.interface(embed, depth + 1));
                }
                all
            }
            Shape::Named(other) if depth <= MAX_DEPTH => self
                .resolve(of.place, *other)
                .map_or_else(Vec::new, |ty| self.interface(ty, depth + 1)),
            _ => Vec::new(),
        }
    }

    /// The predeclared type behind a named one.
    pub(crate) fn basic(&self, ty: Ty<'g, 'a>, depth: u32) -> Option<&'g str> {
        match ty {
            Ty::Basic(name) => Some(name),
            Ty::Declared(of) => match &of.fact.shape {
                Shape::Named(other) if depth <= MAX_DEPTH => {
                    self.basic(self.resolve(of.place, *other)?, depth + 1)
                }
                _ => None,
            },
        }
    }

    /// The predeclared type that a type is, aliases apart: none for types of their own.
    pub(crate) fn plain(&self, ty: Ty<'g, 'a>, depth: u32) -> Option<&'g str> {
        match ty {
            Ty::Basic("byte") => Some("uint8"),
            Ty::Basic("rune") => Some("int32"),
            Ty::Basic(name) => Some(name),
            Ty::Declared(of) => match &of.fact.shape {
                Shape::Named(other) if of.fact.alias && depth <= MAX_DEPTH => {
                    self.plain(self.resolve(of.place, *other)?, depth + 1)
                }
                _ => None,
            },
        }
    }
}
