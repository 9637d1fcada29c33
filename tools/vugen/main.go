// Command vugen generates the Go of ui's Vugu templates. Vugu's own generator replaces static blocks by inner HTML that
// every render sets anew, which loses the focus; this one does not.
package main

import (
	"flag"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/vugu/vugu/gen"
)

func main() {
	dir := flag.String("dir", ".", "folder of the templates")
	flag.Parse()
	files, err := filepath.Glob(filepath.Join(*dir, "*.vugu"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			log.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".vugu")
		p := gen.ParserGo{PackageName: "ui", StructType: strings.ToUpper(base[:1]) + base[1:], OutDir: *dir, OutFile: base + "_gen.go", NoOptimizeStatic: true}
		if err := p.Parse(f, name); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
		out := filepath.Join(*dir, p.OutFile)
		raw, err := os.ReadFile(out)
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
