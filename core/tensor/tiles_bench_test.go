package tensor

import "testing"

// BenchmarkTiles turns a row of eight tiles of 16 images along one axis and then the other.
func BenchmarkTiles(b *testing.B) {
	const line, tiles, apart = 32 * Chunk, 8, 16*8*Chunk + 16
	mem := make([]float32, 1<<20)
	rows, turned := Lines{At: 4096, Step: line}, Lines{At: 16384, Step: line + 16}
	pixels := Lines{At: 16384, Step: Chunk, Column: Tile * Chunk}
	values := Lines{At: 32768, Step: apart, Column: Chunk}
	for _, k := range []struct {
		name string
		f    func()
	}{
		{"Input/rows", func() { TileInput(mem, turned, rows, 0, 0, 1, line) }},
		{"Input/columns", func() { TileInput(mem, values, pixels, 0, 0, tiles, Chunk) }},
		{"InputGrad/columns", func() { TileInputGrad(mem, pixels, values, 0, 0, tiles, Chunk, false) }},
		{"InputGrad/rows", func() { TileInputGrad(mem, rows, turned, 0, 0, 1, line, true) }},
		{"Output/columns", func() { TileOutput(mem, pixels, values, tiles, Chunk) }},
		{"Output/rows", func() { TileOutput(mem, rows, turned, 1, line) }},
		{"OutputGrad/rows", func() { TileOutputGrad(mem, turned, rows, 1, line) }},
		{"OutputGrad/columns", func() { TileOutputGrad(mem, values, pixels, tiles, Chunk) }},
		{"Transpose", func() { Transpose(mem, 500000, 16, 32768, 128, 16, 128) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				k.f()
			}
		})
	}
}
