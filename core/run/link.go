package run

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxLinked is the most bytes that a record in a link may unpack to.
const maxLinked = 8 << 20

// Link is a record as text that an address can hold: what there is to see of a run, rounded, without its weights.
func (r Record) Link() (string, error) {
	raw, err := Rounded(r)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(raw)
	}
	if err == nil {
		err = z.Close()
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), err
}

// Linked reads what Link wrote. It is valid, or the error says why not.
func Linked(text string) (r Record, err error) {
	packed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return r, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return r, err
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxLinked+1))
	switch {
	case err != nil:
	case len(raw) > maxLinked:
		err = errors.New("it is too large")
	default:
		if err = json.Unmarshal(raw, &r); err == nil {
			err = r.Validate()
		}
	}
	return r, err
}

// Thinned is the record as it takes the least room: without its steps, and rounded.
func (r Record) Thinned() (thin Record, err error) {
	r.Events = slices.DeleteFunc(slices.Clone(r.Events), func(e Event) bool { return e.Kind == StepDone })
	r.Thin = true
	raw, err := Rounded(r)
	if err == nil {
		err = json.Unmarshal(raw, &thin)
	}
	return thin, err
}

// Rounded is v's JSON with three digits of each number that is not whole, of the weights of operations the first three decimals: a
// chart shows no more, and a page loads sooner.
func Rounded(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	return json.Marshal(round(tree, 'g'))
}

func round(v any, format byte) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = round(v[i], format)
		}
	case map[string]any:
		for k := range v {
			switch k {
			case "config", "next": // which a run is repeated by
			case "per-class": // which the confusion has, exactly
			case "normal", "reduce":
				v[k] = round(v[k], 'f')
			default:
				v[k] = round(v[k], 'g')
			}
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".e") {
			return json.Number(strconv.FormatFloat(f, format, 3, 64))
		}
	}
	return v
}
