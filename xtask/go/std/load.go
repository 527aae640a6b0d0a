package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// fn is a function of the standard library.
type fn struct {
	obj   *types.Func
	decl  *ast.FuncDecl
	info  *types.Info
	fails bool
	desc  string
	state int
}

// world is the standard library as one platform sees it.
type world struct {
	name    string
	root    string
	bodies  bool
	bctx    build.Context
	fset    *token.FileSet
	sizes   types.Sizes
	pkgs    map[string]*types.Package
	fns     map[*types.Func]*fn
	byName  map[string]*fn
	varInit map[*types.Var]ast.Expr
	varInfo map[*types.Var]*types.Info
	// browser has the functions of fs that wasm_exec.js answers with ENOSYS where there is no fs.
	browser map[string]bool
}

func newWorld(name, goos, goarch, root string, release int, bodies bool) *world {
	bc := build.Default
	bc.GOROOT, bc.GOOS, bc.GOARCH, bc.CgoEnabled, bc.Compiler = root, goos, goarch, false, "gc"
	bc.BuildTags, bc.ToolTags, bc.ReleaseTags = nil, nil, nil
	for i := 1; i <= release; i++ {
		bc.ReleaseTags = append(bc.ReleaseTags, fmt.Sprintf("go1.%d", i))
	}
	if goarch != "wasm" {
		bc.ToolTags = append(bc.ToolTags, "goexperiment.regabiwrappers", "goexperiment.regabiargs")
	}
	return &world{
		name: name, root: root, bodies: bodies, bctx: bc,
		fset: token.NewFileSet(), sizes: types.SizesFor("gc", goarch),
		pkgs: map[string]*types.Package{}, fns: map[*types.Func]*fn{}, byName: map[string]*fn{},
		varInit: map[*types.Var]ast.Expr{}, varInfo: map[*types.Var]*types.Info{},
	}
}

// load reads every package.
func (w *world) load() {
	src := filepath.Join(w.root, "src")
	filepath.WalkDir(src, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() || p == src {
			return nil
		}
		rel, _ := filepath.Rel(src, p)
		rel = filepath.ToSlash(rel)
		if b := filepath.Base(p); b == "testdata" || b[0] == '_' || rel == "cmd" || rel == "builtin" || rel == "unsafe" {
			return filepath.SkipDir
		}
		if rel != "vendor" {
			w.ImportFrom(rel, "", 0)
		}
		return nil
	})
}

func (w *world) Import(path string) (*types.Package, error) { return w.ImportFrom(path, "", 0) }

func (w *world) ImportFrom(path, _ string, _ types.ImportMode) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if strings.Contains(strings.Split(path, "/")[0], ".") {
		path = "vendor/" + path
	}
	if p, ok := w.pkgs[path]; ok {
		if p == nil {
			return nil, fmt.Errorf("no package %s", path)
		}
		return p, nil
	}
	w.pkgs[path] = nil
	bp, err := w.bctx.ImportDir(filepath.Join(w.root, "src", filepath.FromSlash(path)), 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, n := range bp.GoFiles {
		f, err := parser.ParseFile(w.fset, filepath.Join(bp.Dir, n), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	conf := types.Config{
		Importer: w, Sizes: w.sizes, IgnoreFuncBodies: !w.bodies, Error: func(error) {},
	}
	p, _ := conf.Check(path, w.fset, files, info)
	w.pkgs[path] = p
	if w.bodies {
		for _, f := range files {
			w.remember(f, info)
		}
	}
	return p, nil
}

// remember keeps the functions of a file, and what its variables start as.
func (w *world) remember(f *ast.File, info *types.Info) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if o, ok := info.Defs[d.Name].(*types.Func); ok {
				x := &fn{obj: o, decl: d, info: info}
				w.fns[o] = x
				w.byName[key(o)] = x
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				vs, ok := s.(*ast.ValueSpec)
				if !ok || d.Tok != token.VAR || len(vs.Values) != len(vs.Names) {
					continue
				}
				for i, n := range vs.Names {
					if v, ok := info.Defs[n].(*types.Var); ok {
						w.varInit[v] = vs.Values[i]
						w.varInfo[v] = info
					}
				}
			}
		}
	}
}

// public says whether users can import a package.
func public(path string) bool {
	return !strings.Contains("/"+path+"/", "/internal/") && !strings.HasPrefix(path, "vendor/") && path != "cmd" && !strings.HasPrefix(path, "cmd/")
}

// key is the path of the package, the base type of the receiver and the name, with dots.
func key(o *types.Func) string {
	sig := o.Type().(*types.Signature)
	n := o.Name()
	if r := sig.Recv(); r != nil {
		t := r.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if nm, ok := types.Unalias(t).(*types.Named); ok {
			n = nm.Obj().Name() + "." + n
		}
	}
	if o.Pkg() == nil {
		return n
	}
	return o.Pkg().Path() + "." + n
}

// enosys reads wasm_exec.js for the functions that it answers with ENOSYS when nothing else is there.
func enosys(root string) map[string]bool {
	stub := regexp.MustCompile(`(?m)^\s+(\w+)\([^)]*\)\s*\{\s*callback\(enosys\(\)\);`)
	for _, p := range []string{"lib/wasm/wasm_exec.js", "misc/wasm/wasm_exec.js"} {
		b, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			continue
		}
		m := map[string]bool{}
		for _, x := range stub.FindAllStringSubmatch(string(b), -1) {
			m[x[1]] = true
		}
		return m
	}
	return nil
}
