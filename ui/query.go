package ui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Settings travel as a query, as net/url has them, which would bring what it takes to read hosts and be a hundredth of the page.

// query writes values by their names, sorted.
func query(values map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, quote(name)+"="+quote(values[name]))
	}
	return strings.Join(parts, "&")
}

func quote(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// parse reads a query. Of a name that is given twice, the first holds.
func parse(query string) (map[string]string, error) {
	values := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err := unquote(name)
		if err != nil {
			return nil, err
		}
		if value, err = unquote(value); err != nil {
			return nil, err
		}
		if _, twice := values[name]; !twice && part != "" {
			values[name] = value
		}
	}
	return values, nil
}

func unquote(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '+':
			b.WriteByte(' ')
		case '%':
			c, err := strconv.ParseUint(text[i+1:min(i+3, len(text))], 16, 8)
			if err != nil || i+3 > len(text) {
				return "", fmt.Errorf(Text.NoCharacter, text[i:min(i+3, len(text))])
			}
			b.WriteByte(byte(c))
			i += 2
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), nil
}
