package study

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// decode reads a file. Unknown names are errors.
func decode(r io.Reader, into any) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into, json.RejectUnknownMembers(true)); err != nil {
		return plain(err, raw)
	}
	return nil
}

// expected says what stands where a value of a type is read.
var expected = map[reflect.Type]string{
	reflect.TypeFor[Study]():     "an object with name, question, base and what varies",
	reflect.TypeFor[Settings]():  `an object of settings, such as {"preset": "tiny"}`,
	reflect.TypeFor[[]Variant](): `a list of variants, such as [{"name": "falling", "set": {"arch-schedule": "parabolic"}}]`,
	reflect.TypeFor[Variant]():   `a variant, such as {"name": "falling", "set": {"arch-schedule": "parabolic"}}`,
	reflect.TypeFor[[]Axis]():    `a list of fields, such as [{"field": "arch-rate", "values": [0.01, 0.03]}]`,
	reflect.TypeFor[Axis]():      `an object, such as {"field": "arch-rate", "from": 0.001, "to": 0.1}`,
	reflect.TypeFor[Sample]():    `an object, such as {"count": 24, "fields": [{"field": "arch-rate", "from": 0.001, "to": 0.1}]}`,
	reflect.TypeFor[[]uint64]():  "a number of seeds, or a list of them",
	reflect.TypeFor[uint64]():    "a whole number from 0",
	reflect.TypeFor[int]():       "a whole number",
	reflect.TypeFor[float64]():   "a number",
	reflect.TypeFor[string]():    "a text",
	reflect.TypeFor[bool]():      "true or false",

	reflect.TypeFor[[]jsontext.Value](): "a list of values",
}

// plain is what is wrong with a file in other words than Go's.
func plain(err error, raw []byte) error {
	if at, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the file ends before its JSON does")
		}
		before := raw[:min(int(at.ByteOffset), len(raw))]
		return fmt.Errorf("line %d, column %d: %w", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'), cmp.Or(at.Err, err))
	}
	at, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	where := strings.TrimPrefix(string(at.JSONPointer), "/")
	if errors.Is(err, json.ErrUnknownName) {
		return fmt.Errorf("there is no %s; a study has name, question, base, then-train, variants (name, set, then-train, sample), vary (field, values, or from, to, count and log), sample (count, fields), seeds, baseline and hours", where)
	}
	if where == "" {
		where = "the file"
	}
	if at.Err != nil && at.JSONValue == nil { // our own words
		return fmt.Errorf("%s: %w", where, at.Err)
	}
	kind := map[jsontext.Kind]string{'[': "a list", '{': "an object", '"': "a text", '0': "a number", 'n': "null"}[at.JSONKind]
	text := fmt.Sprintf("%s: %s cannot stand there", where, cmp.Or(kind, at.JSONKind.String()))
	for t, give := range expected {
		if at.GoType == t || at.GoType == reflect.PointerTo(t) {
			text += "; give " + give
		}
	}
	return errors.New(text)
}
