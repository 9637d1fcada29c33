package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"runtime"
	"testing"
)

// frugal fails if f takes memory out of proportion to the bytes it is given.
func frugal(t *testing.T, given int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n, most := after.TotalAlloc-before.TotalAlloc, uint64(4<<20+64*given); n > most {
		t.Errorf("%d bytes allocated for %d", n, given)
	}
}

// sealed is a pack with both its checksums made right, where it has room for them.
func sealed(raw []byte) []byte {
	raw = bytes.Clone(raw)
	if len(raw) < 20 {
		return raw
	}
	copy(raw, packMagic)
	end := 12 + uint64(binary.LittleEndian.Uint32(raw[8:]))
	if end+8 > uint64(len(raw)) {
		return raw
	}
	binary.LittleEndian.PutUint32(raw[end:], crc32.ChecksumIEEE(raw[:end]))
	binary.LittleEndian.PutUint32(raw[len(raw)-4:], crc32.ChecksumIEEE(raw[:len(raw)-4]))
	return raw
}

// FuzzReadPack reads any bytes, and once more with right checksums; what is read can be packed, and is the same again.
func FuzzReadPack(f *testing.F) {
	d := random(2, 6, 3)
	f.Add(packed(f, d, nil, nil))
	f.Add(packed(f, d, []int{5, 1}, []int{2}))
	many := random(1, 2, 1)
	many.Classes = make([]string, 300)
	many.Train.Labels[1] = 299
	f.Add(packed(f, many, nil, nil))
	f.Add([]byte("HLRSPACK"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, sealed(raw)} {
			frugal(t, len(raw), func() {
				d, err := ReadPack(bytes.NewReader(raw))
				if err != nil {
					return
				}
				again, err := ReadPack(bytes.NewReader(packed(t, d, nil, nil)))
				if err != nil || !reflect.DeepEqual(again, d) {
					t.Errorf("read %+v, and packed and read again %+v (%v)", d, again, err)
				}
			})
		}
	})
}

// FuzzReadArchive reads any bytes as an archive of few records.
func FuzzReadArchive(f *testing.F) {
	const few = 2
	small := map[string][]byte{meta: files()[meta]}
	for _, name := range batches {
		small[name] = make([]byte, few*record)
		small[name][record] = 1
	}
	f.Add(tarred(f, folder+"/", small, false))
	f.Add(tarred(f, "", small, true))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := readArchive(bytes.NewReader(raw), few)
		if err == nil && (d.Train.check("training set", 10) != nil || d.Test.check("test set", 10) != nil) {
			t.Error("read, and not sound")
		}
	})
}
