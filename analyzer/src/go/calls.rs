//! Who calls whom, as far as the source says it: functions by their names, methods where the type
//! of what is before the dot is known, methods of interfaces of the module itself.
//!
//! A call that is not understood leads nowhere: what is said to be reached is reached by calls
//! that can be shown, one line after the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hashbrown::{HashMap, HashSet};
use model::CallStep;

use crate::go::facts::{DeclKind, NO_OWNER, Owner, Role, Use, bit};
use crate::go::graph::{Graph, Package};
use crate::go::source::Source;
use crate::go::symbol::symbol;
use crate::go::types::{Function, Member, Place, Thing, Ty, Types};

/// A function, a method, or an initialiser with a use in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node(u32);

/// One function reaches another.
#[derive(Clone, Copy)]
struct Edge {
    to: Node,
    /// Offset of the call in the file of the caller.
    pos: u32,
    /// It is called here and now, not kept as a value or inside a literal that is kept.
    now: bool,
}

/// The functions of all packages but the standard library, and those that are reached.
pub(crate) struct Calls<'t, 'g, 'a> {
    graph: &'g Graph<'a>,
    types: &'t Types<'g, 'a>,
    places: Vec<Place<'g, 'a>>,
    /// The file of each node, and the number of its owner there.
    nodes: Vec<(usize, u32)>,
    /// The first node of each file, by the file's address.
    first: HashMap<*const Source, u32>,
    /// Methods of the module's own packages by name, for calls through its interfaces.
    methods: HashMap<&'g str, Vec<Node>>,
    /// The initialisers of package variables: what a variable holds runs where it is used.
    variables: HashMap<(*const Package<'a>, &'g str), Node>,
    /// By file, and by owner in it: of files that something in is reached.
    edges: BTreeMap<usize, Vec<Vec<Edge>>>,
    /// From a node to those that reach it, and where they do.
    callers: HashMap<Node, Vec<(Node, u32)>>,
    /// What runs when a package is initialised.
    init: HashSet<Node>,
    reached: HashSet<Node>,
}

/// Longest list of call chains of a finding.
const MAX_CHAINS: usize = 3;

impl<'t, 'g, 'a> Calls<'t, 'g, 'a> {
    pub(crate) fn of(graph: &'g Graph<'a>, types: &'t Types<'g, 'a>) -> Self {
        let mut calls = Self {
            graph,
            types,
            places: Vec::new(),
            nodes: Vec::new(),
            first: HashMap::new(),
            methods: HashMap::new(),
            variables: HashMap::new(),
            edges: BTreeMap::new(),
            callers: HashMap::new(),
            init: HashSet::new(),
            reached: HashSet::new(),
        };
        for package in graph.packages.values().filter(|p| !p.listed.standard) {
            for file in package.files() {
                calls.add(Place { package, file });
            }
        }
        let roots: Vec<Node> = calls.all().filter(|node| calls.is_root(*node)).collect();
        calls.walk(roots, false);
        let inits: Vec<Node> = calls.all().filter(|node| calls.owner(*node).init).collect();
        calls.walk(inits, true);
        calls.invert_edges();
        calls
    }

    fn add(&mut self, place: Place<'g, 'a>) {
        let Place { package, file } = place;
        let first = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.first.insert(&raw const *file, first);
        for (number, owner) in (0..).zip(&file.facts.owners) {
            self.nodes.push((self.places.len(), number));
            if package.own && owner.recv.is_some() {
                let name = file.facts.text(owner.name);
                let methods = self.methods.entry(name).or_default();
                methods.push(Node(first.saturating_add(number)));
            }
        }
        let facts = &file.facts;
        let variables = facts.decls.iter().filter(|d| d.kind == DeclKind::Var);
        for variable in variables.filter(|d| d.owner != NO_OWNER) {
            let key = (&raw const *package, facts.text(variable.name));
            let node = Node(first.saturating_add(variable.owner));
            self.variables.insert(key, node);
        }
        self.places.push(place);
    }

    fn all(&self) -> impl Iterator<Item = Node> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(Node)
    }

    fn place(&self, node: Node) -> Place<'g, 'a> {
        self.places[self.nodes[node.0 as usize].0]
    }

    fn owner(&self, node: Node) -> &'g Owner {
        let (place, number) = self.nodes[node.0 as usize];
        &self.places[place].file.facts.owners[number as usize]
    }

    /// The node in which a use stands.
    fn node(&self, file: &Source, used: &Use) -> Option<Node> {
        let first = *self.first.get(&(&raw const *file))?;
        (used.owner != NO_OWNER).then(|| Node(first + used.owner))
    }

    fn of_function(&self, function: Function<'g, 'a>) -> Option<Node> {
        let first = *self.first.get(&(&raw const *function.place.file))?;
        let owner = function.fact.owner;
        (owner != NO_OWNER).then(|| Node(first + owner))
    }

    /// The initialiser of a variable that is used.
    fn variable(&self, place: Place<'g, 'a>, used: &Use) -> Option<Node> {
        let text = |span| place.file.facts.text(span);
        let (package, name) = match used.sel {
            None => (place.package, used.base),
            Some(sel) => (self.types.import(place, text(used.base))?, sel),
        };
        let key = (&raw const *package, text(name));
        self.variables.get(&key).copied()
    }

    fn is_root(&self, node: Node) -> bool {
        let place = self.place(node);
        place.package.own && begins(place, self.owner(node))
    }

    /// Inverts the edges: for each callee, its callers.
    fn invert_edges(&mut self) {
        let walked = |node: &Node| self.reached.contains(node) || self.init.contains(node);
        let mut callers: HashMap<Node, Vec<(Node, u32)>> = HashMap::new();
        for node in self.all().filter(walked) {
            for edge in self.edges(node) {
                callers.entry(edge.to).or_default().push((node, edge.pos));
            }
        }
        self.callers = callers;
    }

    /// Where a node that was walked leads.
    fn edges(&self, node: Node) -> &[Edge] {
        let (place, number) = self.nodes[node.0 as usize];
        let of_file = self.edges.get(&place);
        of_file.map_or(&[], |edges| edges[number as usize].as_slice())
    }

    /// Follow calls from these.
    fn walk(&mut self, from: Vec<Node>, init: bool) {
        let mut todo = from;
        while let Some(node) = todo.pop() {
            let new = if init {
                self.init.insert(node)
            } else {
                self.reached.insert(node)
            };
            if !new {
                continue;
            }
            let place = self.nodes[node.0 as usize].0;
            if !self.edges.contains_key(&place) {
                let edges = self.edges_of(self.places[place]);
                self.edges.insert(place, edges);
            }
            let edges = self.edges(node).iter();
            todo.extend(edges.filter(|e| e.now || !init).map(|e| e.to));
        }
    }

    /// The edges of each owner of a file.
    fn edges_of(&self, place: Place<'g, 'a>) -> Vec<Vec<Edge>> {
        let facts = &place.file.facts;
        let mut edges = vec![Vec::new(); facts.owners.len()];
        let bit = bit(self.graph.goos);
        let mut push = |at: &Use, to: Node| {
            if let Some(of) = edges.get_mut(at.owner as usize)
                && at.live & bit != 0
            {
                let now = at.role == Role::Callee && !at.literal;
                let pos = at.sel.map_or(at.base.pos, |sel| sel.pos);
                of.push(Edge { to, pos, now });
            }
        };
        for used in &facts.uses {
            let to = match self.types.used(place, used) {
                Some(Thing::Function(function)) => self.of_function(function),
                _ => self.variable(place, used),
            };
            if let Some(to) = to {
                push(used, to);
            }
        }
        let things = self.types.things(place);
        for access in &facts.typing.accesses {
            let Some(Thing::Value(ty)) = things.get(access.of as usize).copied().flatten() else {
                continue;
            };
            let name = facts.text(access.at.base);
            let Member::There(Some(Thing::Function(function))) = self.types.member(ty, name, 0)
            else {
                continue;
            };
            match self.of_function(function) {
                Some(to) => push(&access.at, to),
                None => self
                    .implementations(ty, name)
                    .into_iter()
                    .for_each(|to| push(&access.at, to)),
            }
        }
        edges
    }

    /// The methods of the module that a call through one of its interfaces may run.
    fn implementations(&self, ty: Ty<'g, 'a>, name: &str) -> Vec<Node> {
        let Ty::Declared(of) = ty else {
            return Vec::new();
        };
        let methods = self.types.interface(ty, 0);
        if !of.place.package.own || methods.is_empty() {
            return Vec::new();
        }
        let all = self.methods.get(name).into_iter().flatten();
        let implements = |node: &&Node| {
            let place = self.place(**node);
            let recv = self.owner(**node).recv.map(|r| place.file.facts.text(r));
            let ty = recv.and_then(|recv| self.types.declared(place.package, recv));
            ty.is_some_and(|ty| {
                let has = |m: &&str| matches!(self.types.member(ty, m, 0), Member::There(_));
                methods.iter().all(has)
            })
        };
        all.filter(implements).copied().collect()
    }

    // Answers.

    /// Whether a use runs when its package is initialised.
    pub(crate) fn at_init(&self, file: &Source, used: &Use) -> bool {
        let now = used.role == Role::Callee && !used.literal;
        now && self
            .node(file, used)
            .is_some_and(|n| self.init.contains(&n))
    }

    /// Whether anything in a file is reached.
    pub(crate) fn touches(&self, file: &Source) -> bool {
        let Some(first) = self.first.get(&(&raw const *file)) else {
            return false;
        };
        let nodes = (*first..).take(file.facts.owners.len()).map(Node);
        nodes
            .into_iter()
            .any(|node| self.reached.contains(&node) || self.init.contains(&node))
    }

    /// Whether calls lead from the user's code to a use.
    pub(crate) fn reaches(&self, file: &Source, used: &Use) -> bool {
        self.node(file, used)
            .is_some_and(|node| self.reached.contains(&node))
    }

    /// The shortest chains of calls from the user's code to a place, mains first, and the own
    /// packages that answer for it: mains, and those that call out of the module.
    pub(crate) fn chains(
        &self,
        file: &Source,
        used: &Use,
        name_of: impl Fn(Place<'g, 'a>) -> String,
    ) -> (Vec<Vec<CallStep>>, BTreeSet<String>) {
        let Some(end) = self.node(file, used) else {
            return (Vec::new(), BTreeSet::new());
        };
        let mut next: HashMap<Node, Option<(Node, u32)>> = HashMap::from([(end, None)]);
        let mut todo = VecDeque::from([(end, 0_u32)]);
        let mut starts: BTreeMap<&str, (bool, u32, Node)> = BTreeMap::new();
        while let Some((node, length)) = todo.pop_front() {
            if self.is_root(node) && self.reached.contains(&node) {
                let package = self.place(node).package;
                let library = package.listed.name != "main";
                let start = (library, length, node);
                let best = starts.entry(package.path()).or_insert(start);
                *best = (*best).min(start);
            }
            for (caller, pos) in self.callers.get(&node).into_iter().flatten() {
                next.entry(*caller).or_insert_with(|| {
                    todo.push_back((*caller, length + 1));
                    Some((node, *pos))
                });
            }
        }
        let packages = self.answerable(&next, &starts);
        let mut starts: Vec<_> = starts.into_values().collect();
        starts.sort_unstable();
        let last = used.sel.map_or(used.base.pos, |sel| sel.pos);
        let chain = |start: Node| {
            let way = std::iter::successors(Some(start), |at| {
                next.get(at).copied().flatten().map(|(to, _)| to)
            });
            way.map(|node| {
                let place = self.place(node);
                let pos = next
                    .get(&node)
                    .copied()
                    .flatten()
                    .map_or(last, |(_, pos)| pos);
                CallStep {
                    function: self.symbol(node),
                    file: name_of(place),
                    line: place.file.facts.position(pos).0,
                }
            })
            .collect()
        };
        let chains = starts.into_iter().take(MAX_CHAINS);
        (chains.map(|(_, _, start)| chain(start)).collect(), packages)
    }

    /// The mains that chains start in, and the own packages that call out of the module on them.
    fn answerable(
        &self,
        next: &HashMap<Node, Option<(Node, u32)>>,
        starts: &BTreeMap<&str, (bool, u32, Node)>,
    ) -> BTreeSet<String> {
        let own = |node: Node| self.place(node).package.own && self.reached.contains(&node);
        let leaves = |(from, to): (&Node, &Option<(Node, u32)>)| {
            let out = to.is_some_and(|(to, _)| !self.place(to).package.own);
            (own(*from) && out).then(|| self.place(*from).package.path())
        };
        let mains = starts.iter().filter(|(_, (library, ..))| !library);
        let mains = mains.map(|(path, _)| *path);
        let all = next.iter().filter_map(leaves).chain(mains);
        all.map(str::to_owned).collect()
    }

    /// A function in Go's own spelling; `path.init` for initialisers.
    fn symbol(&self, node: Node) -> String {
        let (place, owner) = (self.place(node), self.owner(node));
        let facts = &place.file.facts;
        let name = match facts.text(owner.name) {
            "" => "init",
            name => name,
        };
        let recv = owner.recv.map_or("", |recv| facts.text(recv));
        symbol(place.package.path(), recv, name).to_string()
    }
}

/// Whether code begins with a function: what runs at initialisation, `main`, the exported
/// functions and methods of a library, and what is called from elsewhere than Go code.
pub(crate) fn begins(place: Place<'_, '_>, owner: &Owner) -> bool {
    let facts = &place.file.facts;
    let name = facts.text(owner.name);
    let mut outside = facts.called_from_outside.iter();
    let by_name = match place.package.listed.name.as_str() {
        "main" => owner.recv.is_none() && name == "main",
        _ => name.starts_with(char::is_uppercase),
    };
    owner.init || by_name || (owner.recv.is_none() && outside.any(|f| facts.text(*f) == name))
}
