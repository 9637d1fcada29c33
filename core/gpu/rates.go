package gpu

import (
	"errors"
	"time"
)

// Rates are what a GPU does at its best, by kernels that do nothing else: what programs take is seen against them.
type Rates struct {
	Copy     float64 // bytes a second, read and written
	Multiply float64 // multiply-adds a second
	Dispatch float64 // seconds of a dispatch that does nothing, among many
}

// enough is how long a measurement lasts at least.
const enough = 50 * time.Millisecond

// Rates measures them, in a second or so.
func (d *Device) Rates() (r Rates, err error) {
	floats, groups, length := 1<<26, 1<<12, 1<<10
	if d.Adapter().Kind == Processor {
		floats, groups, length = 1<<22, 1<<5, 1<<8
	}
	floats = min(floats, int(d.limit/4))
	var made []interface{ Release() }
	defer func() {
		d.driver.Lock()
		defer d.driver.Unlock()
		for _, own := range made {
			own.Release()
		}
	}()
	buffer := func(label string, n int) Buffer {
		b, e := d.driver.Buffer(label, 4*int64(n))
		if err = errors.Join(err, e); e == nil {
			made = append(made, b)
		}
		return b
	}
	from, to, state, params := buffer("from", floats), buffer("to", max(floats, groups*256)), buffer("state", Alignment), buffer("params", Alignment)
	table := buffer("tables", 3*Alignment/4)
	if err != nil {
		return r, err
	}
	all := func(b Buffer, n int) Range { return Range{b, 0, 4 * int64(n)} }
	shared, err := d.driver.Bind(0, all(from, floats), all(to, max(floats, groups*256)), all(state, Alignment), all(params, Alignment))
	if err != nil {
		return r, err
	}
	made = append(made, shared)
	measure := func(i int, name string, word int32, groups int) (seconds float64) {
		d.driver.Lock()
		k, e := d.driver.Kernel(name, kernelOf(name))
		d.driver.Unlock()
		if err = errors.Join(err, e); err != nil {
			return 0
		}
		at := int64(i) * Alignment
		own, e := d.driver.Bind(1, Range{table, at, 4})
		if err = errors.Join(err, e, d.driver.Write(table, at, raw([]int32{word}))); err != nil {
			return 0
		}
		made = append(made, own, k)
		y := ceil(groups, d.Adapter().Groups)
		one := Dispatch{k, [2]Group{shared, own}, ceil(groups, y), y, int64(groups)}
		var list []Dispatch
		for n := 1; ; n *= 2 {
			for len(list) < n {
				list = append(list, one)
			}
			began := time.Now()
			if err = errors.Join(err, d.driver.Submit(list), d.driver.Read(state, 0, make([]byte, 4))); err != nil {
				return 0
			}
			if took := time.Since(began); took >= enough && n > 1 { // the first has more to do
				return took.Seconds() / float64(n)
			}
		}
	}
	r.Copy = 8 * float64(floats) / measure(0, "copy", int32(floats), ceil(floats, 1024))
	r.Multiply = 8 * 256 * float64(groups*length) / measure(1, "multiply", int32(length), groups)
	r.Dispatch = measure(2, "multiply", 0, 1)
	return r, err
}
