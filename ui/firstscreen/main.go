// Command firstscreen writes the page's first screen into index.html, as it is before the program has come: a visitor sees the
// recorded searches at once. It is the laboratory's own drawing of them, with buttons that cannot be pressed yet.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"
	"golang.org/x/net/html"

	"hlrslab/core/run"
	"hlrslab/ui"
)

// The place of the first screen in the page.
const (
	begin = "<!-- first screen, by go run ./ui/firstscreen -->\n"
	end   = "\n<!-- end of the first screen -->"
)

func main() {
	page := flag.String("page", "index.html", "page to write into")
	recording := flag.String("recording", "public/replay.json", "what it shows")
	flag.Parse()
	if err := write(*page, *recording); err != nil {
		log.Fatal(err)
	}
}

func write(page, recording string) error {
	raw, err := os.ReadFile(recording)
	if err != nil {
		return err
	}
	var r run.Recording
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	screen, err := render(r)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		log.Fatalf("%s has no place for the first screen: %s…%s", page, begin, end)
	}
	return os.WriteFile(page, []byte(before+begin+screen+end+after), 0o644)
}

// render is the first screen of a recording.
func render(r run.Recording) (string, error) {
	lab := ui.NewLab(nil)
	lab.Await()
	lab.Show(r)
	env, err := vugu.NewBuildEnv(events{})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := staticrender.New(&b).Render(env.RunBuild(&ui.Root{Lab: lab})); err != nil {
		return "", err
	}
	root, err := html.Parse(&b)
	if err != nil {
		return "", err
	}
	var tidy func(n *html.Node) error
	tidy = func(n *html.Node) error {
		if part := attr(n, "data-paint"); part != "" {
			n.FirstChild, n.LastChild = nil, nil
			children, err := html.ParseFragment(strings.NewReader(lab.Paint(part)), n)
			if err != nil {
				return err
			}
			for _, c := range children {
				n.AppendChild(c)
			}
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"button", "select", "input"}, n.Data) {
			n.Attr = append(n.Attr, html.Attribute{Key: "disabled"})
		}
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { // what would be found, or pressed
			return a.Key == "id" || a.Key == "tabindex" || a.Key == "for" || strings.HasPrefix(a.Key, "data-")
		})
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			if gone(c) {
				n.RemoveChild(c)
			} else if err := tidy(c); err != nil {
				return err
			}
			c = next
		}
		return nil
	}
	if err := tidy(root); err != nil {
		return "", err
	}
	body := find(root, func(n *html.Node) bool { return attr(n, "class") == "lab" })
	var out strings.Builder
	if err := html.Render(&out, body); err != nil {
		return "", err
	}
	return out.String(), nil
}

// gone says what the first screen has not: what is hidden, what lies below it, and what is said aloud.
func gone(n *html.Node) bool {
	class := attr(n, "class")
	images := n.Data == "p" && n.Parent != nil && n.Parent.Data == "header" && class == "" // whether they are at hand is not known yet
	return images || n.Data == "main" || n.Data == "nav" || class == "notice" || class == "set" || class == "unseen" || attr(n, "id") == "offer" ||
		slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	if is(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := find(c, is); found != nil {
			return found
		}
	}
	return nil
}

// events are those that a page without a program has: none.
type events struct{}

func (events) Lock()         {}
func (events) UnlockOnly()   {}
func (events) UnlockRender() {}
func (events) RLock()        {}
func (events) RUnlock()      {}
