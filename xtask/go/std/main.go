// Command std prints what the standard library of a GOROOT lacks on js and wasip1, and which of
// its functions always fail there, a line each:
//
//	missing	KIND	SYMBOL	platforms that have it	builds that lack it
//	fails	SYMBOL	target	the error as written in the source	file:line below GOROOT/src
//	unread	js-browser	where the distribution has no wasm_exec.js
//
// It reads source alone: nothing is built or run. `cargo xtask std` runs it for each Go version.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	root := flag.String("goroot", "", "directory of the Go distribution to read")
	release := flag.Int("release", 0, "N of its version 1.N")
	flag.Parse()
	if *root == "" || *release == 0 {
		flag.Usage()
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	native := map[string]*world{}
	for name, goarch := range map[string]string{"linux": "amd64", "darwin": "arm64", "windows": "amd64"} {
		native[name] = newWorld(name, name, goarch, *root, *release, name == "linux")
	}
	wasm := map[string]*world{}
	for _, name := range []string{"js", "wasip1"} {
		wasm[name] = newWorld(name, name, "wasm", *root, *release, true)
	}
	browser := newWorld("js-browser", "js", "wasm", *root, *release, true)
	browser.browser = enosys(*root)
	for _, w := range []*world{native["linux"], native["darwin"], native["windows"], wasm["js"], wasm["wasip1"], browser} {
		w.load()
	}
	missing(out, native, wasm)
	fails(out, native["linux"], wasm["wasip1"], "wasip1")
	fails(out, native["linux"], wasm["js"], "js-node")
	if browser.browser == nil {
		fmt.Fprintln(out, "unread\tjs-browser")
	} else {
		fails(out, native["linux"], browser, "js-browser")
	}
}

// symbols are the exported names of the public packages, with their kinds.
func symbols(w *world) map[string]string {
	all := map[string]string{}
	for path, p := range w.pkgs {
		if p == nil || !public(path) || p.Name() == "main" {
			continue
		}
		for _, n := range p.Scope().Names() {
			o := p.Scope().Lookup(n)
			if !o.Exported() {
				continue
			}
			switch o := o.(type) {
			case *types.Const:
				all[path+"."+n] = "const"
			case *types.Var:
				all[path+"."+n] = "var"
			case *types.Func:
				all[path+"."+n] = "func"
			case *types.TypeName:
				all[path+"."+n] = "type"
				members(all, path, o)
			}
		}
	}
	return all
}

// members are the exported fields and methods of a type.
func members(all map[string]string, path string, o *types.TypeName) {
	named, ok := types.Unalias(o.Type()).(*types.Named)
	if !ok {
		return
	}
	symbol := func(name string) string { return fmt.Sprintf("%s.(*%s).%s", path, o.Name(), name) }
	for i := range named.NumMethods() {
		if m := named.Method(i); m.Exported() {
			all[symbol(m.Name())] = "method"
		}
	}
	if s, ok := named.Underlying().(*types.Struct); ok {
		for i := range s.NumFields() {
			if f := s.Field(i); f.Exported() {
				all[symbol(f.Name())] = "field"
			}
		}
	}
}

func missing(out *bufio.Writer, native, wasm map[string]*world) {
	kinds, where := map[string]string{}, map[string][]string{}
	for _, name := range []string{"linux", "darwin", "windows"} {
		for symbol, kind := range symbols(native[name]) {
			kinds[symbol] = kind
			where[symbol] = append(where[symbol], name)
		}
	}
	js, wasip1 := symbols(wasm["js"]), symbols(wasm["wasip1"])
	for _, symbol := range sorted(kinds) {
		var lack []string
		if js[symbol] == "" {
			lack = append(lack, "js")
		}
		if wasip1[symbol] == "" {
			lack = append(lack, "wasip1")
		}
		if len(lack) > 0 {
			fmt.Fprintf(out, "missing\t%s\t%s\t%s\t%s\n", kinds[symbol], symbol, strings.Join(where[symbol], ","), strings.Join(lack, ","))
		}
	}
}

// fails prints the exported functions that always fail on a target, and not on Linux.
func fails(out *bufio.Writer, linux, w *world, target string) {
	lines := map[string]string{}
	say := func(symbol string, x *fn) {
		p := w.fset.Position(x.decl.Pos())
		rel, _ := filepath.Rel(filepath.Join(w.root, "src"), p.Filename)
		desc := strings.Join(strings.Fields(x.desc), " ")
		lines[symbol] = fmt.Sprintf("fails\t%s\t%s\t%s\t%s:%d", symbol, target, desc, filepath.ToSlash(rel), p.Line)
	}
	here := func(o *types.Func) *fn {
		x := w.fns[o.Origin()]
		if x == nil {
			return nil
		}
		w.classify(x)
		if l := linux.byName[key(x.obj)]; l != nil {
			linux.classify(l)
			if l.fails {
				return nil
			}
		}
		if !x.fails {
			return nil
		}
		return x
	}
	for path, p := range w.pkgs {
		if p == nil || !public(path) || p.Name() == "main" {
			continue
		}
		for _, n := range p.Scope().Names() {
			switch o := p.Scope().Lookup(n).(type) {
			case *types.Func:
				if x := here(o); x != nil && o.Exported() {
					say(path+"."+n, x)
				}
			case *types.TypeName:
				if !o.Exported() || o.IsAlias() || types.IsInterface(o.Type()) {
					continue
				}
				// Promoted methods, too.
				ms := types.NewMethodSet(types.NewPointer(o.Type()))
				for i := range ms.Len() {
					if m, ok := ms.At(i).Obj().(*types.Func); ok && ast.IsExported(m.Name()) {
						if x := here(m); x != nil {
							say(fmt.Sprintf("%s.(*%s).%s", path, n, m.Name()), x)
						}
					}
				}
			}
		}
	}
	for _, symbol := range sorted(lines) {
		fmt.Fprintln(out, lines[symbol])
	}
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
