package run

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hlrslab/core/approx"
	"hlrslab/core/darts"
	"hlrslab/core/data"
	"hlrslab/core/sched"
)

// Field is one row of the table of limits: what help texts, sliders and Validate know of a field.
type Field struct {
	Name, Group, Help, Unit string
	Label                   string // plain words for a control
	Kind                    reflect.Kind
	Default                 string
	Enum                    []string
	Min, Max                float64 // NaN if there is no limit
	Live                    bool    // it may change during a run
	// Needs is that without which it changes nothing: "name=value" or "name!=value" of another field, or several, of which one is
	// enough, with "|" between them; or "".
	Needs string

	index int
}

// Fields lists the configuration's fields in order. The list is everybody's: do not change it.
func Fields() []Field { return fields() }

// FieldOf is the field of that name, if there is one.
func FieldOf(name string) (Field, bool) {
	i := slices.IndexFunc(Fields(), func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return Fields()[i], true
}

var fields = sync.OnceValue(func() []Field {
	t := reflect.TypeFor[Config]()
	fields := make([]Field, t.NumField())
	for i := range fields {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[i] = Field{
			Name: name, Group: f.Tag.Get("group"), Help: f.Tag.Get("help"), Unit: f.Tag.Get("unit"),
			Kind: f.Type.Kind(), Default: f.Tag.Get("default"), Min: limit(f, "min"), Max: limit(f, "max"), index: i,
			Label: f.Tag.Get("label"), Live: f.Tag.Get("live") != "", Needs: f.Tag.Get("needs"),
		}
		if e := f.Tag.Get("enum"); e != "" {
			fields[i].Enum = strings.Split(e, ",")
		}
		switch families := Families(name); { // which are listed where they are defined
		case families != nil:
			fields[i].Enum = ids(families)
		case name == "sampler" || name == "rebalance" || name == "late-sampler":
			for _, s := range data.Samplers {
				fields[i].Enum = append(fields[i].Enum, s.ID)
			}
		}
		if name == "late-sampler" {
			fields[i].Enum = append([]string{"none"}, fields[i].Enum...)
		}
	}
	return fields
})

// Families are those that a schedule's field chooses from, or nil for another field.
func Families(field string) []sched.Family {
	switch field {
	case "arch-schedule":
		return sched.Families
	case "rate-schedule":
		return sched.Rates
	case "mix":
		return sched.Mixes
	}
	return nil
}

// schedules are the fields of schedules, by those of their families' parameters.
var schedules = map[string]string{"arch-param": "arch-schedule", "rate-param": "rate-schedule", "mix-param": "mix"}

// Family is the one that c has, of the schedule whose parameter the field is; of another field there is none.
func (f Field) Family(c Config) (sched.Family, bool) {
	schedule, ok := FieldOf(schedules[f.Name])
	if !ok {
		return sched.Family{}, false
	}
	return sched.Find(Families(schedule.Name), schedule.Value(c))
}

// ParamOf are the families whose parameter the field is, or nil.
func (f Field) ParamOf() []sched.Family { return Families(schedules[f.Name]) }

func ids(families []sched.Family) []string {
	out := make([]string, len(families))
	for i, f := range families {
		out[i] = f.ID
	}
	return out
}

func limit(f reflect.StructField, key string) float64 {
	s, ok := f.Tag.Lookup(key)
	if !ok {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("run: bad limit of " + f.Name)
	}
	return v
}

// Value is the field's value in c, as text.
func (f Field) Value(c Config) string {
	v := reflect.ValueOf(c).Field(f.index)
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = fmt.Sprint(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// Idle says why the field changes nothing in a run of c: what is not so, and would have to be. It is empty where the field counts.
func (f Field) Idle(c Config) string {
	if family, ok := f.Family(c); ok && family.Param.Name == "" {
		return fmt.Sprintf("the family %s has no parameter", family.ID)
	}
	if f.Name == "drop-path" && c.NetworkEpochs() == 1 {
		return "it rises from 0, and the network has one epoch"
	}
	why := ""
	for _, w := range f.Wants() {
		if why = w.lacks(c); why == "" {
			return ""
		}
	}
	return why
}

// Want is one of a field's Needs, read: another field, and the value that it must have, or must not.
type Want struct {
	Other Field
	Value string
	Not   bool
}

// Wants are the field's Needs.
func (f Field) Wants() (all []Want) {
	for text := range strings.SplitSeq(f.Needs, "|") {
		name, value, _ := strings.Cut(text, "=")
		name, not := strings.CutSuffix(name, "!")
		if other, ok := FieldOf(name); ok {
			all = append(all, Want{other, value, not})
		}
	}
	return all
}

// lacks says what is not as it must be; it is empty where all is.
func (w Want) lacks(c Config) string {
	if has := w.Other.Value(c); (has == w.Value) == w.Not {
		return fmt.Sprintf("%s is %s", w.Other.Name, has)
	}
	return w.Other.Idle(c)
}

// Of says whether the field is one of a task's.
func (f Field) Of(task TaskName) bool {
	return f.Needs == "" || slices.ContainsFunc(f.Wants(), func(w Want) bool {
		if w.Other.Name == "task" {
			return TaskName(w.Value) == task
		}
		return w.Other.Of(task)
	})
}

// Counts says whether the field can change anything in a run of c.
func (f Field) Counts(c Config) bool { return f.Idle(c) == "" }

// Set gives the field in c the value that text spells.
func (f Field) Set(c *Config, text string) error {
	v := reflect.ValueOf(c).Elem().Field(f.index)
	wrong := func() error { return fault(f.Name, "%.80q is not %s", text, f.expects()) }
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return wrong()
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return wrong()
		}
		v.SetInt(int64(n))
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return wrong()
		}
		v.SetUint(n)
	case reflect.Float64:
		x, err := number(text)
		if err != nil {
			return wrong()
		}
		v.SetFloat(x)
	case reflect.Slice:
		var list []float64
		for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
			x, err := number(s)
			if err != nil {
				return wrong()
			}
			list = append(list, x)
		}
		v.Set(reflect.ValueOf(list))
	}
	return nil
}

// expects says what the field's values are.
func (f Field) expects() string {
	var what string
	switch f.Kind {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of numbers"
	case reflect.String:
		if f.Enum != nil {
			return "one of " + strings.Join(f.Enum, ", ")
		}
		return "text"
	case reflect.Float64:
		what = "a number"
	default:
		what = "a whole number"
	}
	if math.IsNaN(f.Min) {
		return what
	}
	return fmt.Sprintf("%s from %v to %v", what, f.Min, f.Max)
}

// number reads one that a configuration can hold: JSON has none that is infinite, or not a number.
func number(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = strconv.ErrRange
	}
	return x, err
}

// Decode reads a configuration's JSON over c, which stays as it is where that cannot be read. What is not named keeps its value;
// unknown and doubled keys, null, a value beyond its field's own limits and anything after the document are errors.
func (c *Config) Decode(r io.Reader) error {
	var values map[string]jsontext.Value // json/v2 refuses a name given twice
	if err := json.UnmarshalRead(r, &values); err != nil {
		return fmt.Errorf("configuration: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if values == nil {
		return errors.New("configuration: null is none; give an object of fields, if only {}")
	}
	read := *c
	for _, f := range Fields() {
		raw, given := values[f.Name]
		if !given {
			continue
		}
		delete(values, f.Name)
		v := reflect.ValueOf(&read).Elem().Field(f.index)
		v.SetZero() // a list is not appended to
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil || raw.Kind() == 'n' {
			return fmt.Errorf("configuration: %w", fault(f.Name, "%.80s is not %s", raw, f.expects()))
		}
		if err := f.check(read); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	}
	for name := range values {
		return fmt.Errorf("configuration: unknown field %.80q%s", name, Meant(name))
	}
	*c = read
	return nil
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom: wherever a configuration stands, it is Decoded over the default, so that a
// field which is younger than the file has a value that means something. (Not UnmarshalJSON, which flag parsers look for.)
func (c *Config) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	*c = Default()
	return c.Decode(bytes.NewReader(raw))
}

// Meant ends an error of an unknown field's name with those that were perhaps meant: which contain it, or begin alike.
func Meant(name string) string {
	const least, most = 2, 3 // letters that begin alike, and fields
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	alike := map[string]int{}
	var near []string
	for _, f := range Fields() {
		n := 0
		for n < min(len(name), len(f.Name)) && name[n] == f.Name[n] {
			n++
		}
		if n >= least || len(name) > least && strings.Contains(f.Name, name) {
			alike[f.Name] = n
			near = append(near, f.Name)
		}
	}
	if near == nil {
		return "; hlrs search --help lists all there are"
	}
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Or(alike[b]-alike[a], len(a)-len(b)) })
	return "; did you mean " + strings.Join(near[:min(most, len(near))], ", ") + "?"
}

// Encode writes the configuration's JSON, one field a line.
func (c Config) Encode(w io.Writer) error {
	raw, err := json.Marshal(c, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = w.Write(append(raw, '\n'))
	return err
}

// check reports a value outside the field's own limits.
func (f Field) check(c Config) error {
	v := reflect.ValueOf(c).Field(f.index)
	var x float64
	switch {
	case v.CanInt():
		x = float64(v.Int())
	case v.CanFloat():
		x = v.Float()
	default:
		if s := f.Value(c); f.Enum != nil && !slices.Contains(f.Enum, s) {
			return fault(f.Name, "there is no %.80q; choose one of %s", s, strings.Join(f.Enum, ", "))
		}
		return nil
	}
	if math.IsNaN(x) || x < f.Min || x > f.Max {
		return fault(f.Name, "%s", strings.TrimSpace(fmt.Sprintf("%v is outside %v to %v %s", x, f.Min, f.Max, f.Unit)))
	}
	return nil
}

// moves is how many steps a task's own counter has where the weights have taken so many, in epochs of so many.
func (c Config) moves(steps, epoch int) int {
	if c.Frozen(c.FreezeAt) {
		steps = min(steps, c.FreezeAt*epoch)
	}
	if c.Task == Search && c.Method == "zo" {
		return max(steps-1, 0) / c.ZOWindow
	}
	return steps
}

// validateTask holds a task's own fields against each other.
func (c Config) validateTask() error {
	if c.Task != Train {
		for penalty, mixture := range map[string]string{"entropy": "softmax", "fair": "sigmoid"} {
			if c.Penalty == penalty && c.Mixture != mixture && c.Method == "darts" {
				return fault("penalty", "%s is defined on the %s mixture, not on %s: take that mixture, or another penalty", penalty, mixture, c.Mixture)
			}
		}
		if c.Part > 1 && c.ExtraSkip > 0 {
			return fault("part", "channels that pass by an edge's operations are an extra skip connection of their own: take one of part and extra-skip")
		}
		if c.Channels%c.Part != 0 {
			return fault("part", "%d channels cannot be cut into %d parts: take channels %d, or a part that divides %d", c.Channels, c.Part, (c.Channels/c.Part+1)*c.Part, c.Channels)
		}
		if c.FreezeAt > 0 && c.Method == "random" {
			return fault("freeze-at", "random cells have no alphas to freeze: leave one of freeze-at and method out")
		}
		if c.FreezeAt >= c.Epochs {
			return fault("freeze-at", "freezing after %d epochs never comes in %d: take fewer, or more epochs", c.FreezeAt, c.Epochs)
		}
		_, err := darts.ParseSteering(c.Steer, c.Nodes)
		return blame("steer", err)
	}
	if c.Network == CellNetwork {
		if _, err := darts.ReadGenotype(c.Genotype); err != nil {
			return FieldError{Field: "genotype", Err: err}
		}
		if c.Auxiliary && c.Size != 32 {
			return fault("auxiliary", "its classifier needs images of 32 px, not %d; leave it out, or take size 32", c.Size)
		}
	}
	if c.Retrain != NoRetraining && c.RetrainEpochs >= c.Epochs {
		remedy := "take more epochs"
		if c.Epochs > 1 {
			remedy = fmt.Sprintf("take %d or fewer, or more epochs", c.Epochs-1)
		}
		return fault("retrain-epochs", "%d epochs of re-training leave nothing of %d epochs to train the network: %s", c.RetrainEpochs, c.Epochs, remedy)
	}
	return nil
}

// Validate reports the first field outside its limits, or at odds with another, by name.
func (c Config) Validate() error {
	for _, f := range Fields() {
		if err := f.check(c); err != nil {
			return err
		}
	}
	switch {
	case c.Size != 32 && c.Size != 16 && c.Size != 8:
		return fault("size", "%d does not divide 32 into halves; choose 32, 16 or 8", c.Size)
	case c.NMax > c.Pool:
		return fault("n-max", "%d images are not among the %d of pool", c.NMax, c.Pool)
	case c.Dataset != "own" && c.TestImages%10 != 0:
		return fault("test-images", "%d cannot be shared equally among the classes; take a multiple of 10", c.TestImages)
	}
	if c.Multiplier != NoMultiplier {
		if _, err := approx.Parse(c.Multiplier); err != nil {
			return FieldError{Field: "multiplier", Err: err}
		}
	}
	if err := c.validateTask(); err != nil {
		return err
	}
	s, err := c.Schedules()
	if err != nil {
		return err
	}
	return s.Validate()
}
