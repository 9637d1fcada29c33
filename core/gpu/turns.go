package gpu

import "sync"

// turns is a driver whose users take turns.
type turns struct {
	sync.Mutex
	Driver
}

func (d *turns) Buffer(label string, bytes int64) (Buffer, error) {
	d.Lock()
	defer d.Unlock()
	return d.Driver.Buffer(label, bytes)
}

func (d *turns) Bind(group int, ranges ...Range) (Group, error) {
	d.Lock()
	defer d.Unlock()
	return d.Driver.Bind(group, ranges...)
}

func (d *turns) Write(b Buffer, at int64, data []byte) error {
	d.Lock()
	defer d.Unlock()
	return d.Driver.Write(b, at, data)
}

func (d *turns) Submit(list []Dispatch) error {
	d.Lock()
	defer d.Unlock()
	return d.Driver.Submit(list)
}

func (d *turns) Read(b Buffer, at int64, dst []byte) error {
	d.Lock()
	defer d.Unlock()
	return d.Driver.Read(b, at, dst)
}
