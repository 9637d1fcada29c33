package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlrslab/core/darts"
)

// TestLongText: a text is read to its end or refused, and of what is wrong in it an error has only the beginning.
func TestLongText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "genotype.txt")
	for text, want := range map[string]string{
		strings.Repeat("#", 60_000) + "\n" + darts.Published[1].Text: "",
		strings.Repeat("#", 70_000) + "\n" + darts.Published[1].Text: path + ": it is neither a run nor a genotype, which has 65536 bytes at most",
		strings.Repeat("x", 60_000):                                  `there is no "xxxx`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readOrigin(path)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || len(err.Error()) > 500) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	if _, err := readOrigin(strings.Repeat("x", 60_000)); err == nil || len(err.Error()) > 600 {
		t.Errorf("%.700v", err)
	}
}
