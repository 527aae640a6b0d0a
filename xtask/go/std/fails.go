package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"sort"
	"strings"
)

// What a function always returns as its last result, an error, found by a small abstract
// interpretation: errno constants, wrapped errors, `if err != nil`, constant conditions, calls of
// functions that always fail themselves.

type val int

const (
	unknown val = iota
	isNil
	nonNil
)

// ev is what is known of an error, and how it is written.
type ev struct {
	v    val
	desc string
}

var errType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

func isErr(t types.Type) bool { return t != nil && types.Implements(t, errType) }

type env map[*types.Var]ev

func (e env) clone() env {
	n := env{}
	for k, v := range e {
		n[k] = v
	}
	return n
}
func merge(a, b env) env {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	n := env{}
	for k, v := range a {
		if w, ok := b[k]; ok && w.v == v.v {
			n[k] = v
		}
	}
	return n
}

type interp struct {
	w    *world
	f    *fn
	rets []ev
	// named error result
	named *types.Var
	sel   map[string]*types.Var
}

func (w *world) callee(info *types.Info, c *ast.CallExpr) *types.Func {
	fun := ast.Unparen(c.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	switch x := fun.(type) {
	case *ast.Ident:
		return w.asFunc(info.Uses[x])
	case *ast.SelectorExpr:
		if s := info.Selections[x]; s != nil {
			if f, ok := s.Obj().(*types.Func); ok {
				if types.IsInterface(s.Recv()) {
					return nil
				}
				return f.Origin()
			}
			return nil
		}
		return w.asFunc(info.Uses[x.Sel])
	}
	return nil
}

func (w *world) asFunc(o types.Object) *types.Func {
	switch o := o.(type) {
	case *types.Func:
		return o.Origin()
	case *types.Var:
		if e, ok := w.varInit[o]; ok { // package-level func variable
			inf := w.varInfo[o]
			switch x := ast.Unparen(e).(type) {
			case *ast.Ident:
				if f, ok := inf.Uses[x].(*types.Func); ok {
					return f
				}
			case *ast.SelectorExpr:
				if f, ok := inf.Uses[x.Sel].(*types.Func); ok {
					return f
				}
			}
		}
	}
	return nil
}

func (in *interp) eval(e ast.Expr, en env) ev {
	info := in.f.info
	e = ast.Unparen(e)
	if tv, ok := info.Types[e]; ok {
		if tv.IsNil() {
			return ev{isNil, ""}
		}
		if tv.Value != nil && isErr(tv.Type) { // Errno constant
			if tv.Value.Kind() == constant.Int {
				if constant.Sign(tv.Value) == 0 {
					return ev{isNil, ""}
				}
				return ev{nonNil, types.ExprString(e)}
			}
		}
	}
	switch x := e.(type) {
	case *ast.Ident:
		if v, ok := info.Uses[x].(*types.Var); ok {
			return in.varEv(v, en, x.Name)
		}
	case *ast.SelectorExpr:
		if v, ok := info.Uses[x.Sel].(*types.Var); ok && !v.IsField() {
			return in.varEv(v, en, types.ExprString(x))
		}
		if vv := in.selVar(x); vv != nil {
			if r, ok := en[vv]; ok {
				return r
			}
		}
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			if cl, ok := x.X.(*ast.CompositeLit); ok {
				d := types.ExprString(cl.Type)
				for _, el := range cl.Elts { // look for wrapped error
					ve := el
					if kv, ok := el.(*ast.KeyValueExpr); ok {
						ve = kv.Value
					}
					if tv, ok := info.Types[ve]; ok && isErr(tv.Type) {
						if r := in.eval(ve, en); r.v == nonNil {
							d += "{" + r.desc + "}"
						}
					}
				}
				return ev{nonNil, d}
			}
		}
	case *ast.CompositeLit:
		return ev{nonNil, types.ExprString(x.Type)}
	case *ast.TypeAssertExpr:
		return in.eval(x.X, en)
	case *ast.CallExpr:
		if tv, ok := info.Types[x.Fun]; ok && tv.IsType() && len(x.Args) == 1 {
			return in.eval(x.Args[0], en)
		}
		return in.call(x, en)
	}
	return ev{}
}

func (in *interp) varEv(v *types.Var, en env, name string) ev {
	if r, ok := en[v]; ok {
		return r
	}
	if v.Parent() != nil && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() && isErr(v.Type()) {
		if init, ok := in.w.varInit[v]; ok {
			if tv := in.w.varInfo[v].Types[init]; tv.IsNil() {
				return ev{}
			}
			return ev{nonNil, v.Pkg().Name() + "." + v.Name()}
		}
	}
	return ev{}
}

var passThrough = map[string]int{"os.NewSyscallError": 1, "net.wrapSyscallError": 1, "os.underlyingError": 0, "syscall.errnoErr": 0, "internal/syscall/unix.errnoErr": 0, "os.wrapSyscallError": 1, "net.mapErr": 0, "os.pathErrorWrap": 0, "os.File.wrapErr": 1, "net.wrapDialErr": 0, "net.dnsConfigErr": 0, "internal/poll.eofError": -1}
var constructs = map[string]bool{"errors.New": true, "fmt.Errorf": true, "net/http.badStringError": true}

func (in *interp) call(c *ast.CallExpr, en env) ev {
	f := in.w.callee(in.f.info, c)
	if f == nil {
		// ctx.Err() returned after <-ctx.Done(): non-nil
		if se, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok && se.Sel.Name == "Err" {
			if s := in.f.info.Selections[se]; s != nil && types.TypeString(s.Recv(), nil) == "context.Context" {
				return ev{nonNil, "ctx.Err()"}
			}
		}
		return ev{}
	}
	k := key(f)
	if constructs[k] {
		s := k
		if len(c.Args) > 0 {
			s = k + "(" + types.ExprString(c.Args[0]) + ")"
		}
		return ev{nonNil, s}
	}
	if i, ok := passThrough[k]; ok && i >= 0 && i < len(c.Args) {
		return in.eval(c.Args[i], en)
	}
	// browser rule: syscall.fsCall("name") fails if the wasm_exec.js stub does
	if k == "syscall.fsCall" && in.w.browser != nil && len(c.Args) > 0 {
		if tv := in.f.info.Types[c.Args[0]]; tv.Value != nil && in.w.browser[constant.StringVal(tv.Value)] {
			return ev{nonNil, "ENOSYS(wasm_exec.js fs." + constant.StringVal(tv.Value) + " stub)"}
		}
	}
	g := in.w.fns[f]
	if g == nil {
		return ev{}
	}
	in.w.classify(g)
	if g.fails {
		return ev{nonNil, g.desc}
	}
	// ignoringEINTR(func() error { ... }) / ignoringEINTRIO(fn, ...): runs its argument at least once
	if strings.Contains(strings.ToLower(k), "ignoringeintr") {
		for _, a := range c.Args {
			switch fl := ast.Unparen(a).(type) {
			case *ast.FuncLit:
				sub := &interp{w: in.w, f: in.f, sel: in.sel}
				sub.block(fl.Body.List, en) // shares en: assignments to captured variables persist
				if ok, d := allFail(sub.rets); ok {
					return ev{nonNil, d}
				}
			case *ast.Ident, *ast.SelectorExpr:
				var o types.Object
				if id, ok := fl.(*ast.Ident); ok {
					o = in.f.info.Uses[id]
				} else {
					o = in.f.info.Uses[fl.(*ast.SelectorExpr).Sel]
				}
				if g := in.w.asFunc(o); g != nil && in.w.fns[g] != nil {
					in.w.classify(in.w.fns[g])
					if h := in.w.fns[g]; h.fails {
						return ev{nonNil, h.desc}
					}
				}
			}
		}
	}
	return ev{}
}

func allFail(r []ev) (bool, string) {
	if len(r) == 0 {
		return false, ""
	}
	ds := map[string]bool{}
	for _, x := range r {
		if x.v != nonNil {
			return false, ""
		}
		ds[x.desc] = true
	}
	var l []string
	for k := range ds {
		l = append(l, k)
	}
	sort.Strings(l)
	// prefer unsupported-looking description
	sort.SliceStable(l, func(i, j int) bool { return unsup.MatchString(l[i]) && !unsup.MatchString(l[j]) })
	return true, l[0]
}

var unsup = regexp.MustCompile(`ENOSYS|ENOTSUP|EOPNOTSUPP|ENOPROTOOPT|nimplemented|not supported|nsupported|not implemented|lectable|ErrNotFound`)

// cond evaluates a condition to 1 (true), 0 (false), -1 unknown
func (in *interp) cond(e ast.Expr, en env) int {
	info := in.f.info
	e = ast.Unparen(e)
	if tv, ok := info.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.Bool {
		if constant.BoolVal(tv.Value) {
			return 1
		}
		return 0
	}
	switch x := e.(type) {
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			if r := in.cond(x.X, en); r >= 0 {
				return 1 - r
			}
		}
	case *ast.BinaryExpr:
		switch x.Op {
		case token.LAND:
			a, b := in.cond(x.X, en), in.cond(x.Y, en)
			if a == 0 || b == 0 {
				return 0
			}
			if a == 1 && b == 1 {
				return 1
			}
		case token.LOR:
			a, b := in.cond(x.X, en), in.cond(x.Y, en)
			if a == 1 || b == 1 {
				return 1
			}
			if a == 0 && b == 0 {
				return 0
			}
		case token.NEQ, token.EQL:
			tx, ty := info.Types[x.X], info.Types[x.Y]
			var other ast.Expr
			if ty.IsNil() {
				other = x.X
			} else if tx.IsNil() {
				other = x.Y
			}
			if other != nil && isErr(info.Types[other].Type) {
				r := in.eval(other, en)
				if r.v == unknown {
					return -1
				}
				t := r.v == nonNil
				if x.Op == token.EQL {
					t = !t
				}
				if t {
					return 1
				}
				return 0
			}
		}
	}
	return -1
}

// refine applies what cond==truth says about error-typed variables and selectors.
func (in *interp) refine(e ast.Expr, en env, truth bool) env {
	e = ast.Unparen(e)
	x, ok := e.(*ast.BinaryExpr)
	if !ok {
		if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.NOT {
			return in.refine(u.X, en, !truth)
		}
		return en
	}
	if x.Op == token.LAND && truth || x.Op == token.LOR && !truth {
		return in.refine(x.Y, in.refine(x.X, en, truth), truth)
	}
	if x.Op != token.NEQ && x.Op != token.EQL {
		return en
	}
	info := in.f.info
	var o ast.Expr
	if info.Types[x.Y].IsNil() {
		o = x.X
	} else if info.Types[x.X].IsNil() {
		o = x.Y
	}
	eq := x.Op == token.EQL
	if o == nil { // err == someNonNilError
		if eq == truth && info.Types[x.X].Type != nil && isErr(info.Types[x.X].Type) {
			if r := in.eval(x.Y, en); r.v == nonNil {
				in.setExpr(x.X, en, r)
			}
		}
		return en
	}
	if t := info.Types[o].Type; t == nil || !isErr(t) {
		return en
	}
	nn := truth != eq // expression known non-nil
	cur := in.eval(o, en)
	if nn && cur.v != nonNil {
		in.setExpr(o, en, ev{nonNil, "err"})
	} else if !nn {
		in.setExpr(o, en, ev{isNil, ""})
	}
	return en
}

func (in *interp) setExpr(o ast.Expr, en env, v ev) {
	switch y := ast.Unparen(o).(type) {
	case *ast.Ident:
		if vv, ok := in.f.info.Uses[y].(*types.Var); ok {
			en[vv] = v
		}
	case *ast.SelectorExpr:
		if vv := in.selVar(y); vv != nil {
			en[vv] = v
		}
	}
}

// selVar interns a pseudo variable for a selector such as c.Err (textual).
func (in *interp) selVar(y *ast.SelectorExpr) *types.Var {
	if s := in.f.info.Selections[y]; s == nil || s.Kind() != types.FieldVal {
		return nil
	}
	k := types.ExprString(y)
	if in.sel == nil {
		in.sel = map[string]*types.Var{}
	}
	if in.sel[k] == nil {
		in.sel[k] = types.NewVar(token.NoPos, nil, k, types.Universe.Lookup("error").Type())
	}
	return in.sel[k]
}

// block returns the env after the list, or nil if control cannot fall out of it.
func (in *interp) block(l []ast.Stmt, en env) env {
	for _, s := range l {
		if en = in.stmt(s, en); en == nil {
			return nil
		}
	}
	return en
}

func (in *interp) assign(lhs []ast.Expr, rhs []ast.Expr, en env) {
	info := in.f.info
	set := func(e ast.Expr, v ev) {
		if se, ok := e.(*ast.SelectorExpr); ok {
			if vv := in.selVar(se); vv != nil && isErr(info.Types[se].Type) {
				en[vv] = v
			}
			return
		}
		id, ok := e.(*ast.Ident)
		if !ok {
			return
		}
		var o types.Object = info.Defs[id]
		if o == nil {
			o = info.Uses[id]
		}
		if vv, ok := o.(*types.Var); ok && isErr(vv.Type()) {
			if v.v == unknown {
				delete(en, vv)
				en[vv] = ev{}
			} else {
				en[vv] = v
			}
		}
	}
	if len(rhs) == 1 && len(lhs) > 1 {
		var r ev
		if c, ok := ast.Unparen(rhs[0]).(*ast.CallExpr); ok {
			r = in.call(c, en)
		}
		for i, e := range lhs {
			if i == len(lhs)-1 {
				set(e, r)
			} else {
				set(e, ev{})
			}
		}
		return
	}
	for i, e := range lhs {
		if i < len(rhs) {
			set(e, in.eval(rhs[i], en))
		}
	}
}

func (in *interp) kill(n ast.Node, en env) {
	ast.Inspect(n, func(x ast.Node) bool {
		if a, ok := x.(*ast.AssignStmt); ok {
			for _, e := range a.Lhs {
				if id, ok := e.(*ast.Ident); ok {
					if v, ok := in.f.info.Uses[id].(*types.Var); ok {
						en[v] = ev{}
					}
				}
			}
		}
		return true
	})
}

func isTermCall(info *types.Info, e ast.Expr) bool {
	c, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		if b, ok := info.Uses[f].(*types.Builtin); ok {
			return b.Name() == "panic"
		}
		if o, ok := info.Uses[f].(*types.Func); ok && o.Pkg() != nil && o.Pkg().Path() == "runtime" {
			return o.Name() == "throw" || o.Name() == "fatal"
		}
	}
	return false
}

func (in *interp) stmt(s ast.Stmt, en env) env {
	switch s := s.(type) {
	case *ast.ReturnStmt:
		in.ret(s, en)
		return nil
	case *ast.ExprStmt:
		if isTermCall(in.f.info, s.X) {
			return nil
		}
		if c, ok := s.X.(*ast.CallExpr); ok {
			if f := in.w.callee(in.f.info, c); f != nil && strings.Contains(strings.ToLower(f.Name()), "ignoringeintr") {
				in.call(c, en)
			}
		}
	case *ast.AssignStmt:
		in.assign(s.Lhs, s.Rhs, en)
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				vs := sp.(*ast.ValueSpec)
				if len(vs.Values) == 0 {
					for _, n := range vs.Names {
						if v, ok := in.f.info.Defs[n].(*types.Var); ok && types.IsInterface(v.Type()) && isErr(v.Type()) {
							en[v] = ev{isNil, ""}
						}
					}
				} else {
					var l []ast.Expr
					for _, n := range vs.Names {
						l = append(l, n)
					}
					in.assign(l, vs.Values, en)
				}
			}
		}
	case *ast.BlockStmt:
		return in.block(s.List, en)
	case *ast.LabeledStmt:
		return in.stmt(s.Stmt, en)
	case *ast.IfStmt:
		if s.Init != nil {
			if en = in.stmt(s.Init, en); en == nil {
				return nil
			}
		}
		c := in.cond(s.Cond, en)
		var a, b env
		if c != 0 {
			a = in.block(s.Body.List, in.refine(s.Cond, en.clone(), true))
		}
		if c != 1 {
			if s.Else != nil {
				b = in.stmt(s.Else, in.refine(s.Cond, en.clone(), false))
			} else {
				b = in.refine(s.Cond, en.clone(), false)
			}
		}
		if c == 1 {
			return a
		}
		if c == 0 {
			return b
		}
		return merge(a, b)
	case *ast.ForStmt:
		if s.Init != nil {
			in.stmt(s.Init, en)
		}
		in.kill(s.Body, en)
		in.block(s.Body.List, en.clone())
		if s.Cond == nil && !hasBreak(s.Body) {
			return nil
		}
		return en
	case *ast.RangeStmt:
		in.kill(s.Body, en)
		in.block(s.Body.List, en.clone())
		return en
	case *ast.SwitchStmt:
		if s.Init != nil {
			in.stmt(s.Init, en)
		}
		var tag constant.Value
		if s.Tag != nil {
			tag = in.f.info.Types[s.Tag].Value
		}
		var out env
		hasDef, matched := false, false
		for _, cc := range s.Body.List {
			c := cc.(*ast.CaseClause)
			if c.List == nil {
				hasDef = true
			}
			if tag != nil && c.List != nil {
				m, allc := false, true
				for _, e := range c.List {
					v := in.f.info.Types[e].Value
					if v == nil {
						allc = false
					} else if constant.Compare(v, token.EQL, tag) {
						m = true
					}
				}
				if allc && !m {
					continue
				}
				if m {
					matched = true
					out = in.block(c.Body, en.clone())
					if hasBreak(&ast.BlockStmt{List: c.Body}) {
						out = en
					}
					break
				}
			}
		}
		if matched {
			return out
		}
		for _, cc := range s.Body.List {
			c := cc.(*ast.CaseClause)
			if tag != nil && c.List != nil {
				allc := true
				for _, e := range c.List {
					if in.f.info.Types[e].Value == nil {
						allc = false
					}
				}
				if allc {
					continue
				}
			}
			r := in.block(c.Body, en.clone())
			if r == nil && hasBreak(&ast.BlockStmt{List: c.Body}) {
				r = env{}
			}
			if r != nil {
				out = merge(out, r)
			}
		}
		if !hasDef {
			out = merge(out, en)
		}
		return out
	case *ast.TypeSwitchStmt:
		hasDef := false
		var out env
		for _, cc := range s.Body.List {
			c := cc.(*ast.CaseClause)
			if c.List == nil {
				hasDef = true
			}
			if r := in.block(c.Body, en.clone()); r != nil {
				out = merge(out, r)
			}
		}
		if !hasDef {
			out = merge(out, en)
		}
		return out
	case *ast.SelectStmt:
		var out env
		for _, cc := range s.Body.List {
			c := cc.(*ast.CommClause)
			e := en.clone()
			if c.Comm != nil {
				in.kill(c.Comm, e)
			}
			if r := in.block(c.Body, e); r != nil {
				out = merge(out, r)
			}
		}
		return out
	case *ast.BranchStmt:
		if s.Tok == token.GOTO {
			in.rets = append(in.rets, ev{})
		}
		return nil
	}
	return en
}

func hasBreak(b *ast.BlockStmt) bool {
	found := false
	ast.Inspect(b, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BranchStmt:
			if x.Tok == token.BREAK || x.Tok == token.GOTO {
				found = true
			}
		case *ast.FuncLit:
			return false
		}
		return true
	})
	return found
}

func (in *interp) ret(s *ast.ReturnStmt, en env) {
	if len(s.Results) == 0 {
		if in.named != nil {
			if v, ok := en[in.named]; ok {
				in.rets = append(in.rets, v)
				return
			}
		}
		in.rets = append(in.rets, ev{})
		return
	}
	last := s.Results[len(s.Results)-1]
	in.rets = append(in.rets, in.eval(last, en))
}

func (w *world) classify(f *fn) {
	if f.state != 0 {
		return
	}
	f.state = 1
	defer func() { f.state = 2 }()
	d := f.decl
	if d.Body == nil {
		return
	}
	sig := f.obj.Type().(*types.Signature)
	res := sig.Results()
	hasErr := res.Len() > 0 && isErr(res.At(res.Len()-1).Type())
	if hasErr {
		in := &interp{w: w, f: f}
		en := env{}
		last := res.At(res.Len() - 1)
		if last.Name() != "" && last.Name() != "_" {
			in.named = last
			if types.IsInterface(last.Type()) {
				en[last] = ev{isNil, ""}
			}
		}
		in.block(d.Body.List, en)
		f.fails, f.desc = allFail(in.rets)
	}
}
