//! `missing-member`, `compiler`: what a little knowledge of types shows: fields and methods of
//! named types, interfaces that a type no longer satisfies, arguments and results that no longer
//! fit, constants that no longer fit, functions that no longer return.
//!
//! A type counts as lacking a name only when all that it consists of was read.

use hashbrown::hash_map::Entry;

use hashbrown::{HashMap, HashSet};
use model::{Effect, Finding, Note, NoteKind, Rule};

use super::left_out;
use crate::context::{Claim, Context, HERE, Saying};
use crate::go::facts::{
    CallFact, Check, ConstId, DeclKind, ExpectedType, FileFacts, Shape, Span, TypeRef, ValueId,
};
use crate::go::graph::Package;
use crate::go::symbol::symbol;
use crate::go::types::{Constant, Function, Member, Place, Thing, Things, Ty, Types};

pub(super) fn check<'g, 'a>(
    cx: &'g Context<'g, 'a>,
    types: &Types<'g, 'a>,
    findings: &mut Vec<Finding>,
) {
    let mut reported = reported_positions(findings);
    for package in cx.judged().filter(|p| p.is_whole()) {
        for file in package.files() {
            let name = cx.places().name_in(package.listed, &file.name);
            let known = reported.remove(&name).unwrap_or_default();
            let place = Place { package, file };
            let mut at = At {
                cx,
                types,
                place,
                things: types.things(place),
                known,
            };
            at.accesses(findings);
            at.keys(findings);
            at.conversions(findings);
            at.calls(findings);
            at.assigned(findings);
            at.operands(findings);
            at.constants(findings);
            at.returns(findings);
        }
    }
}

/// Lines and columns of each file that have a finding: the compiler reports no place twice.
fn reported_positions(findings: &[Finding]) -> HashMap<String, HashSet<(u32, u32)>> {
    let mut reported: HashMap<String, HashSet<(u32, u32)>> = HashMap::new();
    for finding in findings {
        reported
            .entry(finding.file.clone())
            .or_default()
            .insert((finding.line, finding.column));
    }
    reported
}

/// One file, and what was reported of it.
struct At<'t, 'g, 'a> {
    cx: &'g Context<'g, 'a>,
    types: &'t Types<'g, 'a>,
    place: Place<'g, 'a>,
    /// What its values lead to.
    things: Things<'g, 'a>,
    known: HashSet<(u32, u32)>,
}

impl<'g, 'a> At<'_, 'g, 'a> {
    fn facts(&self) -> &'g FileFacts {
        &self.place.file.facts
    }

    fn resolve(&self, name: TypeRef) -> Option<Ty<'g, 'a>> {
        self.types.resolve(self.place, name)
    }

    fn thing(&self, id: ValueId) -> Option<Thing<'g, 'a>> {
        self.things.get(id as usize).copied().flatten()
    }

    /// The type of a value.
    fn ty(&self, id: ValueId) -> Option<Ty<'g, 'a>> {
        match self.thing(id)? {
            Thing::Value(ty) => Some(ty),
            _ => None,
        }
    }

    /// Names after a dot: of values in the file, and of variables of the package.
    fn accesses(&mut self, findings: &mut Vec<Finding>) {
        let facts = self.facts();
        for access in &facts.typing.accesses {
            if let Some(ty) = self.ty(access.of) {
                self.access(ty, access.at.base, findings);
            }
        }
    }

    fn access(&mut self, ty: Ty<'g, 'a>, name: Span, findings: &mut Vec<Finding>) {
        let text = self.facts().text(name);
        if matches!(self.types.member(ty, text, 0), Member::Missing) {
            self.lacks(ty, text, name.pos, findings);
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
        let type_name = of.name();
        let path = of.place.package.path();
        let claim = Claim::of(
            format!("{path}.{type_name}"),
            format!("has no field or method `{name}` on {HERE}"),
        );
        let symbol = symbol(path, type_name, name).to_string();
        let root = self.blame(of.place.package, name);
        self.tell(Rule::MissingMember, root, symbol, claim, pos, findings);
    }

    /// A package of which files are left out that declare the name is hollow, and to blame.
    fn blame(&self, declaring: &Package<'a>, name: &str) -> String {
        let ignored = left_out::ignored_files(self.cx, declaring);
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
            self.place.package.path().to_owned()
        }
    }

    fn conversions(&mut self, findings: &mut Vec<Finding>) {
        for conversion in &self.facts().typing.conversions {
            let Some(from) = self.ty(conversion.from) else {
                continue;
            };
            let wanted = match conversion.to {
                ExpectedType::Type(ty) => self.resolve(ty),
                ExpectedType::Field(of, field) => self.field_type(of, field),
            };
            if let Some(wanted) = wanted {
                self.conversion(from, wanted, conversion.pos, findings);
            }
        }
    }

    /// A value of one type stands where another is wanted.
    fn conversion(
        &mut self,
        from: Ty<'g, 'a>,
        wanted: Ty<'g, 'a>,
        pos: u32,
        findings: &mut Vec<Finding>,
    ) {
        if let Some((a, b)) = self.differ(from, wanted) {
            let claim = Claim::plain(format!("a value of type `{a}` is used as `{b}` on {HERE}"));
            self.tell_of_package(claim, pos, findings);
            return;
        }
        let methods = self.types.interface(wanted, 0);
        let missing = methods
            .iter()
            .find(|m| matches!(self.types.member(from, m, 0), Member::Missing));
        if let (Some(method), Ty::Declared(of), Ty::Declared(to)) = (missing, from, wanted) {
            let (type_name, interface) = (of.name(), to.name());
            let symbol = symbol(of.place.package.path(), type_name, method).to_string();
            let claim = Claim::of(
                type_name,
                format!("does not implement `{interface}` on {HERE}: it has no method `{method}`"),
            );
            let root = self.place.package.path().to_owned();
            self.tell(Rule::MissingMember, root, symbol, claim, pos, findings);
        }
    }

    /// Two predeclared numeric types that are not the same.
    fn differ(&self, a: Ty<'g, 'a>, b: Ty<'g, 'a>) -> Option<(&'g str, &'g str)> {
        let (a, b) = (self.types.plain(a, 0)?, self.types.plain(b, 0)?);
        let numeric = |name: &str| {
            ["int", "uint", "float"]
                .iter()
                .any(|kind| name.starts_with(kind))
        };
        (a != b && numeric(a) && numeric(b)).then_some((a, b))
    }

    fn field_type(&self, of: TypeRef, field: Span) -> Option<Ty<'g, 'a>> {
        let field = self.facts().text(field);
        match self.types.member(self.resolve(of)?, field, 0) {
            Member::There(Some(Thing::Value(ty))) => Some(ty),
            _ => None,
        }
    }

    /// Arguments: how many, and of which types.
    fn calls(&mut self, findings: &mut Vec<Finding>) {
        for call in &self.facts().typing.calls {
            let Some(Thing::Function(function)) = self.thing(call.callee) else {
                continue;
            };
            self.arity(*call, function, findings);
            self.arguments(*call, function, findings);
        }
    }

    fn arity(&mut self, call: CallFact, function: Function<'g, 'a>, findings: &mut Vec<Finding>) {
        let (count, first) = (call.args.0 as usize, call.args.1 as usize);
        let wanted = function.fact.parameters.len();
        let too_few = count + usize::from(function.fact.variadic) < wanted;
        let too_many = count > wanted && !function.fact.variadic;
        if call.open || !(too_few || too_many) {
            return;
        }
        let extra = self.facts().typing.args.get(first + wanted);
        let pos = extra.filter(|_| too_many).and_then(|arg| arg.pos);
        let wanted = counted(wanted, "argument");
        let claim = Claim::of(
            function.name(),
            format!("takes {wanted} on {HERE}, but the call passes {count}"),
        );
        self.tell_of_function(function, claim, pos.unwrap_or(call.end), findings);
    }

    fn arguments(
        &mut self,
        call: CallFact,
        function: Function<'g, 'a>,
        findings: &mut Vec<Finding>,
    ) {
        let (count, first) = (call.args.0 as usize, call.args.1 as usize);
        let args = self.facts().typing.args.get(first..first + count);
        let fact = function.fact;
        let fixed =
            fact.parameters.len() - usize::from(fact.variadic && !fact.parameters.is_empty());
        let wanted = fact.parameters.iter().take(fixed);
        for (arg, wanted) in args.unwrap_or_default().iter().zip(wanted) {
            let from = arg.value.and_then(|value| self.ty(value));
            let wanted = wanted.and_then(|ty| self.types.resolve(function.place, ty));
            if let (Some(from), Some(wanted), Some(pos)) = (from, wanted, arg.pos) {
                self.conversion(from, wanted, pos, findings);
            }
        }
    }

    /// Results: how many names they are given to.
    fn assigned(&mut self, findings: &mut Vec<Finding>) {
        for assigned in &self.facts().typing.assigned {
            let Some(Thing::Function(function)) = self.thing(assigned.callee) else {
                continue;
            };
            let results = function.fact.results.len();
            if results != assigned.names {
                let results = counted(results, "value");
                let wanted = match assigned.names {
                    1 => "1 is".to_owned(),
                    n => format!("{n} are"),
                };
                let claim = Claim::of(
                    function.name(),
                    format!("returns {results} on {HERE}, but {wanted} expected"),
                );
                self.tell_of_function(function, claim, assigned.pos, findings);
            }
        }
    }

    /// Operands that are of different numeric types.
    fn operands(&mut self, findings: &mut Vec<Finding>) {
        for operands in &self.facts().typing.operands {
            let types = (self.ty(operands.left), self.ty(operands.right));
            let (Some(left), Some(right)) = types else {
                continue;
            };
            if let Some((a, b)) = self.differ(left, right) {
                let claim = Claim::plain(format!(
                    "operands of mismatched types `{a}` and `{b}` on {HERE}"
                ));
                self.tell_of_package(claim, operands.pos, findings);
            }
        }
    }

    /// Constants that are other ones here than elsewhere: `syscall.Signal` has no sign on wasip1,
    /// `syscall.O_CLOEXEC` is 0 like `O_RDONLY`.
    fn constants(&mut self, findings: &mut Vec<Finding>) {
        let mut cases: HashMap<(u32, i128, Option<String>), u32> = HashMap::new();
        for (check, id, pos) in &self.facts().typing.constants.checks {
            let Some(number) = self.types.constant(self.place, *id, 0, 0) else {
                continue;
            };
            let value = number.value;
            let message = match check {
                Check::Length if value < 0 => format!("the length of the array is {value}"),
                Check::Fits(ty) => {
                    let basic = self.resolve(*ty).and_then(|ty| self.types.basic(ty, 0));
                    let Some(basic) = basic.filter(|b| !fits(value, b)) else {
                        continue;
                    };
                    let name = self.facts().text(ty.name);
                    format!("{value} does not fit into `{name}`, which is `{basic}`")
                }
                Check::Case(statement) => {
                    let ty = number.ty.map(Ty::name);
                    match cases.entry((*statement, value, ty)) {
                        Entry::Vacant(entry) => {
                            entry.insert(*pos);
                            continue;
                        }
                        Entry::Occupied(entry) => {
                            let line = self.facts().position(*entry.get()).0;
                            format!("this is {value}, as is line {line}: a duplicate")
                        }
                    }
                }
                Check::Length => continue,
            };
            if let Some(constant) = self.foreign(*id) {
                self.tell_of_constant(constant, &message, *pos, findings);
            } else {
                let claim = Claim::plain(format!("{message} on {HERE}"));
                self.tell_of_package(claim, *pos, findings);
            }
        }
    }

    /// The constant of another package that is to blame for what an expression is; the standard library is not.
    fn foreign(&self, id: ConstId) -> Option<Constant<'g, 'a>> {
        let constant = self.types.origin(self.place, id)?;
        let package = constant.place.package;
        let is_foreign = package.path() != self.place.package.path() && !package.listed.standard;
        is_foreign.then_some(constant)
    }

    /// An error of which the value of a constant elsewhere is the cause.
    fn tell_of_constant(
        &mut self,
        constant: Constant<'g, 'a>,
        message: &str,
        pos: u32,
        findings: &mut Vec<Finding>,
    ) {
        let (package, file) = (constant.place.package, constant.place.file);
        let symbol = format!("{}.{}", package.path(), constant.name());
        let value = self.types.named(package, constant.name(), 0);
        let value = value.map(|number| number.value).unwrap_or_default();
        let claim = Claim::of(symbol.clone(), format!("is {value} on {HERE}: {message}"));
        let root = package.path().to_owned();
        let known = findings.len();
        self.tell(Rule::Compiler, root, symbol, claim, pos, findings);
        if let Some(finding) = findings.get_mut(known) {
            let line = file.facts.position(constant.fact.name.pos).0;
            let name = self.cx.places().name_in(package.listed, &file.name);
            let text = format!("the constant is declared at {name}:{line}");
            let note = Note::new(NoteKind::Other, text);
            finding.notes.push(note.at(name, line, 0));
        }
    }

    fn returns(&mut self, findings: &mut Vec<Finding>) {
        for pos in &self.facts().typing.missing_returns {
            let claim =
                Claim::plain("missing return: the function has results, and its end is reachable");
            self.tell_of_package(claim, *pos, findings);
        }
    }

    /// A function of another shape than the call wants.
    fn tell_of_function(
        &mut self,
        function: Function<'g, 'a>,
        claim: Claim,
        pos: u32,
        findings: &mut Vec<Finding>,
    ) {
        let root = self.place.package.path().to_owned();
        let symbol = function.symbol().to_string();
        self.tell(Rule::Compiler, root, symbol, claim, pos, findings);
    }

    /// An error that no symbol stands for.
    fn tell_of_package(&mut self, claim: Claim, pos: u32, findings: &mut Vec<Finding>) {
        let package = self.place.package.path().to_owned();
        let symbol = package.clone();
        self.tell(Rule::Compiler, package, symbol, claim, pos, findings);
    }

    fn tell(
        &mut self,
        rule: Rule,
        root: String,
        symbol: String,
        claim: Claim,
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
                claim,
            };
            let Place { package, file } = self.place;
            findings.push(self.cx.at(package, file, pos, saying));
        }
    }
}

/// Whether a constant fits into a predeclared integer type; `int` and `uintptr` have 64 bits under
/// wasm (`GOROOT/src/internal/goarch/zgoarch_wasm.go`).
fn fits(value: i128, basic: &str) -> bool {
    let (unsigned, bits) = match basic {
        "byte" => (true, 8),
        "rune" => (false, 32),
        "uintptr" | "uint" => (true, 64),
        "int" => (false, 64),
        other => {
            let bits = other.trim_start_matches("uint").trim_start_matches("int");
            let Ok(bits) = bits.parse::<u32>() else {
                return true;
            };
            (other.starts_with('u'), bits)
        }
    };
    if unsigned {
        value >= 0 && value < 1 << bits
    } else {
        (-(1 << (bits - 1))..1 << (bits - 1)).contains(&value)
    }
}

/// `1 value`, `2 values`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn numeric_types_that_differ() {
        check(
            r#"
import "syscall"

func links(st *syscall.Stat_t) uint64 {
	var n uint64 = st.Nlink
	//             ^^ compiler on js-node,js-browser: uint32
	return n
}
"#,
        );
    }

    #[test]
    fn arguments_and_results_of_a_twin() {
        check(
            r"
-- a.go --
package a

func use() {
	one := size(1, 2)
	//             ^ compiler: size
	_, _ = one, 1
	two, _ := pair()
//< compiler: pair
	_ = two
}
-- a_linux.go --
package a

func size(a, b int) int { return a + b }

func pair() (int, int) { return 1, 2 }
-- a_other.go --
//go:build !linux

package a

func size(a int) int { return a }

func pair() int { return 1 }
",
        );
    }

    #[test]
    fn constants_that_do_not_fit() {
        check(
            r"
-- a.go --
package a

var flags = uint8(limit)
//                ^^^^^ compiler: 300
-- a_linux.go --
package a

const limit = 200
-- a_other.go --
//go:build !linux

package a

const limit = 300
",
        );
    }

    #[test]
    fn lengths_that_another_package_decides() {
        check(
            r#"
-- pad/pad.go --
package pad

import "unsafe"

const Size = unsafe.Sizeof(line{})

const Whole = Size + 8

type line struct{ _ [size]byte }
-- pad/size_linux.go --
package pad

const size = 64
-- pad/size_other.go --
//go:build !linux

package pad

const size = 0
-- a/a.go --
package a

import "example.com/m/pad"

type T [pad.Whole - 16]byte
//      ^^^ compiler: pad.Size` is 0
"#,
        );
    }

    #[test]
    fn variadic_and_generic_calls_take_any_number() {
        check(
            r"
func sum[T int | float64](all ...T) (n T) {
	for _, one := range all {
		n += one
	}
	return n
}

func pair() (int, int) { return 1, 2 }

func add(a, b int) int { return a + b }

var _, _, _ = sum[int](), sum(1, 2, 3), add(pair())
",
        );
    }

    #[test]
    fn functions_whose_end_cannot_be_reached() {
        check(
            r#"
func forever(c chan int) int {
	for {
		select {
		case n := <-c:
			return n
		}
	}
}

func either(b bool) int {
	switch {
	case b:
		panic("b")
	default:
		goto end
	}
end:
	return 1
}

var _, _ = forever, either
"#,
        );
    }

    #[test]
    fn equal_constants_in_two_switches() {
        check(
            r#"
import "syscall"

func f(flag int) {
	switch flag {
	case syscall.O_RDONLY:
	}
	switch flag {
	case syscall.O_CLOEXEC:
	}
}

var _ = f
"#,
        );
    }
}
