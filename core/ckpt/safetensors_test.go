package ckpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// compose is a file of any header and data.
func compose(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func wantError(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: error %v does not say %q", what, err, p)
		}
	}
}

// rewrite writes f and reads it again.
func rewrite(t interface{ Fatal(...any) }, f *File) (*File, []byte) {
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	g, err := Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return g, raw
}

func equal(f, g *File) bool {
	return maps.Equal(f.Meta, g.Meta) && slices.EqualFunc(f.Tensors, g.Tensors, func(a, b Tensor) bool {
		return a.Name == b.Name && a.Dtype == b.Dtype && slices.Equal(a.Shape, b.Shape) && bytes.Equal(a.Data, b.Data)
	})
}

func bits[T Number](values []T) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, values)
	return b
}

// draw adds an array and returns what checks that Load gives back each of its bits.
func draw[T Number](t *rapid.T, f *File, name string, element *rapid.Generator[T]) (check func(*File)) {
	shape, n := append([]int{}, rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3).Draw(t, "shape")...), 1
	for _, d := range shape {
		n *= d
	}
	values := rapid.SliceOfN(element, n, n).Draw(t, "values")
	Add(f, name, values, shape...)
	return func(g *File) {
		got := make([]T, n)
		if err := Load(g, name, got); err != nil || !bytes.Equal(bits(got), bits(values)) {
			t.Fatalf("%q: %v (%v), want %v", name, got, err, values)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	single, double := rapid.Map(rapid.Uint32(), math.Float32frombits), rapid.Map(rapid.Uint64(), math.Float64frombits)
	rapid.Check(t, func(t *rapid.T) {
		f := &File{Meta: rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "meta")}
		var checks []func(*File)
		for _, name := range rapid.SliceOfNDistinct(rapid.String(), 0, 6, rapid.ID).Draw(t, "names") {
			if rapid.Bool().Draw(t, "double") {
				checks = append(checks, draw(t, f, name, double))
			} else {
				checks = append(checks, draw(t, f, name, single))
			}
		}
		g, raw := rewrite(t, f)
		for _, check := range checks {
			check(g)
		}
		for _, x := range []*File{f, g} { // empty tensors may trade places
			slices.SortFunc(x.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
		}
		if !equal(f, g) {
			t.Fatalf("got %v, want %v", g, f)
		}
		if start := 8 + binary.LittleEndian.Uint64(raw); start%8 != 0 {
			t.Fatalf("data begins at %d, unaligned", start)
		}
	})
}

// Arithmetic would quiet a signalling NaN; a checkpoint keeps its payload.
func TestNaNBits(t *testing.T) {
	var f File
	want := []float32{math.Float32frombits(0x7f800001), math.Float32frombits(0xffc12345), float32(math.Copysign(0, -1))}
	Add(&f, "x", want)
	g, _ := rewrite(t, &f)
	if got := make([]float32, 3); Load(g, "x", got) != nil || !bytes.Equal(bits(got), bits(want)) {
		t.Errorf("bits %x, want %x", bits(got), bits(want))
	}
}

func TestTruncation(t *testing.T) {
	f := File{Meta: map[string]string{"format": "pt"}}
	Add(&f, "first", []float32{1, 2})
	Add(&f, "second", []uint8{3, 4, 5})
	_, raw := rewrite(t, &f)
	for n := range raw {
		want := `within tensor "checksum"`
		switch {
		case n < 8:
			want = "no header"
		case n < len(raw)-15:
			want = "within its header"
		case n < len(raw)-7:
			want = `within tensor "first"`
		case n < len(raw)-4:
			want = `within tensor "second"`
		}
		_, err := Read(bytes.NewReader(raw[:n]))
		wantError(t, fmt.Sprintf("%d of %d bytes", n, len(raw)), err, want)
		if n > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v is no unexpected end", n, err)
		}
	}
}

// TestChecksum turns every bit of a file: none is read as a file that was checked.
func TestChecksum(t *testing.T) {
	f := File{Meta: map[string]string{"format": "pt", "run": "é"}}
	Add(&f, "first", []float32{1, 2})
	Add(&f, "second", []uint8{3, 4, 5})
	g, raw := rewrite(t, &f)
	if !g.Checked || len(g.Tensors) != 2 {
		t.Fatalf("read again: %+v", g)
	}
	for bit := range 8 * len(raw) {
		bad := slices.Clone(raw)
		bad[bit/8] ^= 1 << (bit % 8)
		if got, err := Read(bytes.NewReader(bad)); err == nil && got.Checked {
			t.Errorf("bit %d of byte %d turned, and all is well", bit%8, bit/8)
		}
	}
	g.Tensors[0].Data[0]++ // who means a change writes it
	if again, _ := rewrite(t, g); !again.Checked || again.Tensors[0].Data[0] != g.Tensors[0].Data[0] {
		t.Error("changed and written, it cannot be read")
	}
	if foreign, err := Read(bytes.NewReader(compose(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1))); err != nil || foreign.Checked {
		t.Errorf("a foreign file: %+v, %v", foreign, err)
	}
}

func TestCorruptions(t *testing.T) {
	one := func(entry string, data ...byte) []byte { return compose(`{"a":`+entry+`}`, data...) }
	two := func(a, b string, data ...byte) []byte {
		return compose(`{"a":{"dtype":"U8","shape":[4],"data_offsets":`+a+`},"b":{"dtype":"U8","shape":[4],"data_offsets":`+b+`}}`, data...)
	}
	eight := make([]byte, 8)
	if _, err := Read(bytes.NewReader(two("[0,4]", "[4,8]", eight...))); err != nil {
		t.Fatalf("the sound file: %v", err)
	}
	for what, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"header beyond the file": {append([]byte{100, 7: 0}, "{}"...), "ends within its header"},
		"header without bound":   {slices.Repeat([]byte{0xff}, 64), "another kind of file"},
		"no JSON":                {compose("weights!"), "header"},
		"name twice":             {compose(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `"a"`},
		"name in no alphabet":    {compose("{\"\xff\":{}}"), "UTF-8"},
		"metadata of numbers":    {compose(`{"__metadata__":{"epoch":1}}`), "metadata"},
		"entry of a number":      {one(`1`), `tensor "a"`},
		"unknown type":           {one(`{"dtype":"F8","shape":[4],"data_offsets":[0,4]}`, eight[:4]...), `tensor "a" has unknown type "F8"`},
		"no type":                {one(`{"shape":[4],"data_offsets":[0,4]}`, eight[:4]...), `tensor "a" has unknown type ""`},
		"negative shape":         {one(`{"dtype":"U8","shape":[-2,-2],"data_offsets":[0,4]}`, eight[:4]...), `tensor "a" has shape [-2 -2]`},
		"shape past 64 bits":     {one(`{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}`), `tensor "a" has shape`},
		"broken shape":           {one(`{"dtype":"U8","shape":[0.5],"data_offsets":[0,4]}`, eight[:4]...), `tensor "a"`},
		"one offset":             {one(`{"dtype":"U8","shape":[0],"data_offsets":[0]}`), `tensor "a"`},
		"offsets not the shape's": {
			one(`{"dtype":"F32","shape":[2],"data_offsets":[0,4]}`, eight...), `tensor "a" lies at [0 4], not at [0 8]`,
		},
		"overlap":               {two("[0,4]", "[2,6]", eight...), `tensor "b" lies at [2 6], not at [4 8]`},
		"same place":            {two("[0,4]", "[0,4]", eight...), `tensor "b" lies at [0 4], not at [4 8]`},
		"gap":                   {two("[0,4]", "[5,9]", eight...), `tensor "b" lies at [5 9], not at [4 8]`},
		"before the data":       {two("[-4,0]", "[0,4]", eight...), `tensor "a" lies at [-4 0], not at [0 4]`},
		"backwards":             {two("[4,0]", "[4,8]", eight...), `tensor "a" lies at [4 0]`},
		"beyond the data":       {two("[0,4]", "[4,8]", eight[:7]...), `ends within tensor "b"`},
		"far beyond the data":   {one(`{"dtype":"U8","shape":[2147483647],"data_offsets":[0,2147483647]}`), `ends within tensor "a"`},
		"bytes of no one":       {two("[0,4]", "[4,8]", append(eight, 0)...), "bytes follow"},
		"differences overflow":  {two("[-9223372036854775808,4]", "[9223372036854775807,8]", eight...), `tensor "a" lies at`},
		"offset past 64 bits":   {two("[0,4]", "[4,99999999999999999999]", eight...), `tensor "b"`},
		"whole header is empty": {compose(""), "header"},
		"checksum not the last": {compose(`{"checksum":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, eight...), "is no checksum"},
		"checksum of numbers":   {compose(`{"checksum":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, eight[:4]...), "is no checksum"},
		"another checksum":      {compose(`{"checksum":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, eight[:4]...), "the file is damaged"},
	} {
		_, err := Read(bytes.NewReader(c.raw))
		wantError(t, what, err, c.want)
	}
}

func TestLoadErrors(t *testing.T) {
	var f File
	Add(&f, "x", make([]float32, 6), 2, 3)
	wantError(t, "shorter", Load(&f, "x", make([]float32, 5)), `"x" is F32 [2 3], not F32 of 5 values`)
	wantError(t, "longer", Load(&f, "x", make([]float32, 7)), `"x" is F32 [2 3]`, "7 values")
	wantError(t, "as many bytes", Load(&f, "x", make([]float64, 3)), `"x" is F32 [2 3], not F64`)
	wantError(t, "same size", Load(&f, "x", make([]int32, 6)), `"x" is F32 [2 3], not I32`)
	wantError(t, "missing", Load(&f, "y", make([]float32, 6)), `no tensor "y"`)
}

// What Read would refuse is not written: the loss would show when it is too late.
func TestWriteErrors(t *testing.T) {
	for want, f := range map[string]File{
		`two tensors are named "x"`:               {Tensors: []Tensor{{Name: "x", Dtype: "U8", Shape: []int{0}}, {Name: "x", Dtype: "U8", Shape: []int{0}}}},
		`no tensor can be named "checksum"`:       {Tensors: []Tensor{{Name: "checksum", Dtype: "U8", Shape: []int{0}}}},
		`no tensor can be named "__metadata__"`:   {Tensors: []Tensor{{Name: "__metadata__", Dtype: "U8", Shape: []int{0}}}},
		`"x" has 3 bytes, its shape [4] asks for`: {Tensors: []Tensor{{"x", "U8", []int{4}, make([]byte, 3)}}},
		`"x" has unknown type "F8"`:               {Tensors: []Tensor{{Name: "x", Dtype: "F8"}}},
		"UTF-8":                                   {Tensors: []Tensor{{Name: "\xff", Dtype: "U8", Shape: []int{0}}}},
		"invalid UTF-8":                           {Meta: map[string]string{"run": "\xff"}},
	} {
		wantError(t, want, f.Write(io.Discard), want)
	}
	var f File
	Add(&f, "x", []float32{1, 2})
	for n := range 4 { // the length, the header, the data and the checksum each meet a full disk
		if err := f.Write(&full{n}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("write %d fails, and Write says %v", n, err)
		}
	}
}

// full takes some writes and fails then.
type full struct{ left int }

func (w *full) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// FuzzRead: Read takes any bytes in memory of their order, and Write gives back all that it took.
func FuzzRead(f *testing.F) {
	var sound File
	sound.Meta = map[string]string{"format": "<pt>", "": "é\n"}
	Add(&sound, "w", []float32{1, float32(math.NaN())}, 1, 2)
	Add(&sound, "scalar", []float64{3}, []int{}...)
	_, raw := rewrite(f, &sound)
	f.Add(raw)
	var empty []string // of one place: their order must not be a map's
	for name := range strings.SplitSeq("hgfedcba", "") {
		empty = append(empty, `"`+name+`":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
	}
	f.Add(compose("{" + strings.Join(empty, ",") + "}"))
	f.Add(compose(`{"a":{"dtype":"U8","data_offsets":[0,1]},"__metadata__":{}}  `, 1))
	f.Add(compose(`{"a":{"dtype":"U8","shape":[2147483647],"data_offsets":[0,2147483647]}}`, 1))
	f.Add(append(binary.LittleEndian.AppendUint64(nil, maxHeader), "{}"...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Read(bytes.NewReader(raw))
		runtime.ReadMemStats(&after)
		if n, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+256*len(raw)); n > most {
			t.Errorf("%d bytes allocated for a file of %d", n, len(raw))
		}
		if err != nil {
			return
		}
		again, written := rewrite(t, got)
		if !equal(got, again) {
			t.Errorf("written %v, read %v", got, again)
		}
		if _, twice := rewrite(t, again); !bytes.Equal(written, twice) {
			t.Error("equal files, other bytes")
		}
	})
}
