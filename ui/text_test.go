package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/run"
)

var (
	spoken    = regexp.MustCompile(`(?:aria-label|aria-valuetext|title|alt|placeholder)="([^"]*)"`)  // attributes that are text
	tag       = regexp.MustCompile(`</?[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>|^"[^<>]*>|<[a-z][^>]*$`) // also ends and beginnings
	attribute = regexp.MustCompile(`[\w-]+="[^"]*"`)
	verb      = regexp.MustCompile(`%[-+# 0]*(?:\[\d+\])?[\d.]*[a-zA-Z%]`)
	words     = regexp.MustCompile(`\pL+[,.;:!?…)]*\s+\(?\pL+`)
	capital   = regexp.MustCompile(`\p{Lu}\p{Ll}+`) // one word, as on a button
	quoted    = regexp.MustCompile(`"[^"]*"`)
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// plain is what is left of a text when its markup and verbs are taken away.
func plain(text string) string {
	text = spoken.ReplaceAllString(text, `> $1 <`) // out of its tag
	for _, r := range []*regexp.Regexp{tag, attribute, verb} {
		text = r.ReplaceAllString(text, "|")
	}
	return text
}

// literals are a file's strings, but for imports, field tags and what panics.
func literals(t *testing.T, name string) (out []*ast.BasicLit, set *token.FileSet) {
	t.Helper()
	set = token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.Ident)
			return !ok || f.Name != "panic"
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				out = append(out, n)
			}
		}
		return true
	})
	return out, set
}

// TestText finds text that stands elsewhere than in text.go.
func TestText(t *testing.T) {
	apart := []string{"text.go", "lessons.go", "answers.go"}
	n := 0
	for _, folder := range []string{".", "../wasm/page"} {
		files, _ := filepath.Glob(filepath.Join(folder, "*.go"))
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_gen.go") || slices.Contains(apart, name) {
				continue
			}
			all, set := literals(t, name)
			for _, l := range all {
				n++
				text, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Fatal(err)
				}
				if p := plain(text); words.MatchString(p) || folder == "." && capital.MatchString(p) {
					t.Errorf("%s: %s belongs into text.go", set.Position(l.Pos()), l.Value)
				}
			}
		}
	}
	raw, err := os.ReadFile("root.vugu")
	if err != nil {
		t.Fatal(err)
	}
	source := comment.ReplaceAllString(string(raw), "")
	for _, text := range tag.Split(source, -1) {
		if strings.TrimSpace(text) != "" {
			t.Errorf("root.vugu: %q belongs into text.go", text)
		}
	}
	for _, in := range tag.FindAllString(source, -1) {
		for _, m := range spoken.FindAllString(" "+in, -1) {
			t.Errorf("root.vugu: %s belongs into text.go", m)
		}
		for _, m := range quoted.FindAllString(in, -1) { // of expressions; in class="…" words are none
			if !strings.Contains(in, "class="+m) && (words.MatchString(m) || capital.MatchString(m)) {
				t.Errorf("root.vugu: %s belongs into text.go", m)
			}
		}
	}
	if n < 500 || len(source) < 1000 {
		t.Errorf("only %d literals", n)
	}
}

// TestTextWhole finds texts that are missing, and cards and controls with none.
func TestTextWhole(t *testing.T) {
	v := reflect.ValueOf(Text)
	for i := range v.NumField() {
		if v.Field(i).Len() == 0 {
			t.Errorf("%s is empty", v.Type().Field(i).Name)
		}
	}
	for _, f := range run.Fields() {
		if f.Label == "" || f.Help == "" {
			t.Errorf("%s has no label or no help", f.Name)
		}
	}
	l := NewLab(nil)
	l.Runs = append(l.Runs, l.Runs[0])
	l.Runs[0].Recorded = true
	for _, c := range l.Cards() {
		if c.Title == "" && !c.Hidden {
			t.Errorf("%s has no title", c.ID)
		}
	}
}
