//go:build !js

package wgpu

import "testing"

// TestMemory: what the card says of its memory is some number of bytes, be it Mesa's.
func TestMemory(t *testing.T) {
	d, err := open()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	defer d.Close()
	info := d.adapter.Info()
	n := memory(info)
	t.Logf("%s has %d bytes", info.Name, n)
	if n < 1<<28 || n > 1<<44 {
		t.Errorf("%s has %d bytes", info.Name, n)
	}
	if info.DeviceID++; memory(info) != 0 {
		t.Error("a card that is not there has memory")
	}
}
