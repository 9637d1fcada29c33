// Command vugen generates the Go of ui's Vugu templates. Vugu's own generator replaces static blocks by inner HTML that
// every render sets anew, which loses the focus; this one does not. Nor does it make nodes of the breaks between a template's
// elements, which every render would compare, or import what only the template's own code would need.
package main

import (
	"bytes"
	"flag"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/vugu/vugu/gen"
)

var breaks = regexp.MustCompile(`>\s*\n\s*<`)

func main() {
	dir := flag.String("dir", ".", "folder of the templates")
	flag.Parse()
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
