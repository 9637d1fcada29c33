// Command vugen generates the Go of ui's Vugu templates. Vugu's own generator replaces static blocks by inner HTML that
// every render sets anew, which loses the focus; this one does not. Nor does it make nodes of the breaks between a template's
// elements, which every render would compare, or import what only the template's own code would need. With -script it writes the
// script that Vugu's renderer would have evaluated, for the page to load as a file: so its policy needs no unsafe-eval.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/vugu/vugu/gen"
)

var breaks = regexp.MustCompile(`>\s*\n\s*<`)

func main() {
	dir := flag.String("dir", ".", "folder of the templates")
	script := flag.String("script", "", "write the renderer's script to this file, and nothing else")
	flag.Parse()
	if *script != "" {
		text, err := renderer()
		if err == nil {
			err = os.WriteFile(*script, []byte(text), 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	files, err := filepath.Glob(filepath.Join(*dir, "*.vugu"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range files {
		template, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".vugu")
		p := gen.ParserGo{PackageName: "ui", StructType: strings.ToUpper(base[:1]) + base[1:], OutDir: *dir, OutFile: base + "_gen.go", NoOptimizeStatic: true}
		if err := p.Parse(bytes.NewReader(breaks.ReplaceAll(template, []byte("><"))), name); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		out := filepath.Join(*dir, p.OutFile)
		raw, err := os.ReadFile(out)
		for _, unused := range []string{"import \"log\"\n", "var _ log.Logger\n"} {
			raw = bytes.Replace(raw, []byte(unused), nil, 1)
		}
		if err == nil {
			raw, err = format.Source(raw)
		}
		if err == nil {
			err = os.WriteFile(out, raw, 0o644)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// renderer is the script of the renderer, a constant of its package.
func renderer() (string, error) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/vugu/vugu/domrender").Output()
	if err != nil {
		return "", err
	}
	name := filepath.Join(strings.TrimSpace(string(dir)), "renderer-js-script.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		return "", err
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == 1 && v.Names[0].Name == "jsHelperScript" && len(v.Values) == 1 {
			if literal, ok := v.Values[0].(*ast.BasicLit); ok {
				text, err = strconv.Unquote(literal.Value)
			}
		}
		return true
	})
	if err == nil && text == "" {
		err = fmt.Errorf("%s has no script: Vugu has changed", name)
	}
	return text, err
}
