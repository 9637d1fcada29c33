package ui

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// TestQuery holds queries against those of net/url.
func TestQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOfN(rapid.StringN(1, 5, -1), rapid.String(), 0, 4).Draw(t, "values")
		want := url.Values{}
		for name, v := range values {
			want.Set(name, v)
		}
		text := query(values)
		if text != want.Encode() {
			t.Fatalf("%q, and net/url writes %q", text, want.Encode())
		}
		if got, err := parse(text); err != nil || len(got) != len(values) {
			t.Fatalf("%v, %v", got, err)
		}
		raw := rapid.StringMatching(`([a-c%=&+0-9F\x{e9}]|%[0-9a-fA-F]{2}){0,12}`).Draw(t, "query")
		got, err := parse(raw)
		all, errWant := url.ParseQuery(raw)
		if (err != nil) != (errWant != nil) {
			t.Fatalf("%q: %v, and net/url says %v", raw, err, errWant)
		}
		for name := range all {
			if err == nil && got[name] != all.Get(name) {
				t.Fatalf("%q: %s is %q, not %q", raw, name, got[name], all.Get(name))
			}
		}
	})
}
