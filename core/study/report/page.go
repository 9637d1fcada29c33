package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
)

//go:embed page.html
var pageText string

// HTML writes the report as one page that needs nothing else: its figures are in it, and take on the page's colours. By says what made it.
func (r *Report) HTML(w io.Writer, by string) error {
	t, err := template.New("page").Funcs(template.FuncMap{"svg": inline, "number": func(f Figure) int { return r.numbers[f.Name] }}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Name, By string
		Blocks   []block
	}{r.name(), by, r.blocks})
}

// name is the study's, or that of a study without one.
func (r *Report) name() string {
	if r.Plan.Study.Name == "" {
		return "A study"
	}
	return r.Plan.Study.Name
}

// outside is what an SVG has as a file of its own, and not within a page.
var outside = regexp.MustCompile(`<\?xml[^>]*>|<!--[^>]*-->|<!DOCTYPE[^>]*>|\s+xmlns(:xlink)?="[^"]*"`)

// inline is a figure within a page, whose ink is black there.
func inline(f Figure) (template.HTML, error) {
	svg, err := f.svg(false)
	if err != nil {
		return "", err
	}
	svg = outside.ReplaceAll(svg, nil)
	if f.Plot() {
		svg = bytes.ReplaceAll(svg, []byte("#000000"), []byte("currentColor"))
	}
	return template.HTML(bytes.TrimSpace(svg)), nil
}

// Markdown writes the report with figures as files in the folder figures beside it.
func (r *Report) Markdown(w io.Writer, by string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", escape(r.name()))
	for _, k := range r.blocks {
		b.WriteString("\n")
		switch {
		case k.Heading != "":
			fmt.Fprintf(&b, "## %s\n", escape(k.Heading))
		case k.Text != "":
			fmt.Fprintln(&b, escape(k.Text))
		case k.Table != nil:
			row := func(cells []string) {
				for _, c := range cells {
					fmt.Fprintf(&b, "| %s ", escape(c))
				}
				b.WriteString("|\n")
			}
			row(k.Table.Head)
			for i := range k.Table.Head {
				if i < k.Table.Words {
					b.WriteString("|---")
				} else {
					b.WriteString("|--:")
				}
			}
			b.WriteString("|\n")
			for _, cells := range k.Table.Rows {
				row(cells)
			}
		}
		for _, item := range k.List {
			fmt.Fprintf(&b, "- %s\n", escape(item))
		}
		for i, f := range k.Figures {
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "![%s](figures/%s.svg)\n\n**Figure %d. %s.** %s\n", escape(f.Title), f.Name, r.numbers[f.Name], escape(f.Title), escape(f.Caption))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", escape(by))
	_, err := io.WriteString(w, b.String())
	return err
}

// escape has names, which may be anybody's, stand as they are.
var escape = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "&", "&amp;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]", "#", "\\#", "\n", " ", "\r", " ").Replace
