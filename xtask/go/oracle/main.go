// Command oracle says what go/parser and go/build make of Go files: it reads their paths from
// standard input, a line each, and prints a line of JSON for each. `cargo xtask oracle` compares
// that with what wasmcheck's own reader says.
package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type outline struct {
	File    string   `json:"file"`
	Package string   `json:"package"`
	Imports []string `json:"imports"`
	Decls   []string `json:"decls"`
	Broken  bool     `json:"broken"`
	// Selected has a letter for each platform: y, n.
	Selected string `json:"selected"`
}

// Platforms are those of the Rust side, in its order.
var platforms = []struct {
	goos, goarch string
	cgo          bool
	tags         []string
}{
	{"js", "wasm", false, nil},
	{"wasip1", "wasm", false, nil},
	{"linux", "amd64", true, nil},
	{"windows", "arm64", false, []string{"purego", "netgo"}},
	{"android", "arm", true, []string{"appengine"}},
	{"illumos", "amd64", false, []string{"tinygo", "integration"}},
	{"ios", "arm64", false, []string{"noasm", "race"}},
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	contexts := contexts()
	enc := json.NewEncoder(out)
	for in.Scan() {
		enc.Encode(read(in.Text(), contexts))
	}
}

func contexts() []build.Context {
	var all []build.Context
	for _, p := range platforms {
		c := build.Default
		c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags, c.ToolTags = p.goos, p.goarch, p.cgo, p.tags, nil
		c.Compiler = "gc"
		all = append(all, c)
	}
	return all
}

func read(path string, contexts []build.Context) outline {
	o := outline{File: path, Imports: []string{}, Decls: []string{}}
	dir, name := filepath.Split(path)
	var selected strings.Builder
	for _, c := range contexts {
		match, err := c.MatchFile(dir, name)
		switch {
		case err != nil:
			selected.WriteByte('?')
		case match:
			selected.WriteByte('y')
		default:
			selected.WriteByte('n')
		}
	}
	o.Selected = selected.String()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	o.Broken = err != nil
	if f == nil {
		return o
	}
	o.Package = f.Name.Name
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if i.Name != nil {
			p = i.Name.Name + " " + p
		}
		o.Imports = append(o.Imports, p)
	}
	for _, d := range f.Decls {
		o.Decls = append(o.Decls, names(d)...)
	}
	return o
}

func names(d ast.Decl) []string {
	var all []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := "func "
		if d.Recv != nil && len(d.Recv.List) > 0 {
			name += base(d.Recv.List[0].Type) + "."
		}
		name += d.Name.Name
		if d.Body == nil {
			name += " bodyless"
		}
		all = append(all, name)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				all = append(all, "type "+s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					all = append(all, d.Tok.String()+" "+n.Name)
				}
			}
		}
	}
	return all
}

func base(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.ParenExpr:
		return base(e.X)
	case *ast.StarExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.IndexListExpr:
		return base(e.X)
	}
	return ""
}
