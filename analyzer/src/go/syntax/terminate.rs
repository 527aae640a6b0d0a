//! Whether a function can reach its end (specification, "Terminating statements").
//!
//! Labels are not kept, so a labelled break inside an inner statement is not seen: such a loop
//! counts as terminating, and no error is claimed.

use super::ast::{Block, Clause, Expr, Stmt};
use super::token::Tok;

/// Whether control cannot get past a block.
pub(crate) fn terminates(block: &Block<'_>) -> bool {
    block.stmts.last().is_some_and(stmt)
}

fn stmt(last: &Stmt<'_>) -> bool {
    match last {
        Stmt::Return(_) | Stmt::Branch(Tok::Goto) => true,
        Stmt::Expr(Expr::Call(callee, _)) => {
            matches!(callee, Expr::Ident(name) if name.name == "panic")
        }
        Stmt::Block(block) => terminates(block),
        Stmt::Labeled(inner) => stmt(inner),
        Stmt::If(x) => terminates(&x.then) && x.or_else.as_ref().is_some_and(stmt),
        Stmt::For(x) => x.cond.is_none() && !breaks(&x.body),
        Stmt::Switch(x) => clauses(x.clauses),
        Stmt::TypeSwitch(x) => clauses(x.clauses),
        Stmt::Select(all) => all.iter().all(|c| terminates(&c.body) && !breaks(&c.body)),
        _ => false,
    }
}

fn clauses(all: &[Clause<'_>]) -> bool {
    let falls =
        |c: &Clause<'_>| matches!(c.body.stmts.last(), Some(Stmt::Branch(Tok::Fallthrough)));
    let ends = |c: &Clause<'_>| (falls(c) || terminates(&c.body)) && !breaks(&c.body);
    all.iter().any(|c| c.default) && all.iter().all(ends)
}

/// Whether a `break` in the block leaves the statement around it.
fn breaks(block: &Block<'_>) -> bool {
    block.stmts.iter().any(|stmt| match stmt {
        Stmt::Branch(Tok::Break) => true,
        Stmt::Block(inner) => breaks(inner),
        Stmt::If(x) => breaks(&x.then) || x.or_else.as_ref().is_some_and(else_breaks),
        Stmt::Labeled(inner) => matches!(**inner, Stmt::Branch(Tok::Break)),
        _ => false,
    })
}

fn else_breaks(or_else: &Stmt<'_>) -> bool {
    match or_else {
        Stmt::Block(block) => breaks(block),
        Stmt::If(x) => breaks(&x.then) || x.or_else.as_ref().is_some_and(else_breaks),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::Decl;
    use super::super::parse;
    use super::terminates;

    #[test]
    fn the_end_is_reached_or_not() {
        for (body, ends) in [
            ("return 1", true),
            ("panic(1)", true),
            ("x()", false),
            ("", false),
            ("if a { return 1 }", false),
            (
                "if a { return 1 } else if b { return 2 } else { panic(3) }",
                true,
            ),
            ("for { x() }", true),
            ("for { if a { break } }", false),
            ("for { switch { case a: break } }", true),
            ("for a { return 1 }", false),
            ("for range a { return 1 }", false),
            ("switch a { case 1: return 1\ndefault: return 2 }", true),
            ("switch a { case 1: return 1 }", false),
            ("switch a { case 1: fallthrough\ndefault: return 2 }", true),
            (
                "switch a.(type) { case int: return 1\ndefault: if b { break }\nreturn 2 }",
                false,
            ),
            ("select {}", true),
            ("l: for { x() }", true),
        ] {
            let text = format!("package p\nfunc f() int {{ {body} }}\n");
            let arena = bumpalo::Bump::new();
            let file = parse(&text, &arena, false);
            let Some(Decl::Func(f)) = file.decls.first() else {
                panic!("{body}")
            };
            assert_eq!(terminates(f.body.as_ref().unwrap()), ends, "{body}");
        }
    }
}
