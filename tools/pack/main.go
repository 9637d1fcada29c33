// Command pack packs files for the page by Zstandard, which looks back two mebibytes where gzip looks back 32 KiB: X becomes X.zst.
package main

import (
	"bytes"
	"log"
	"os"

	"github.com/klauspost/compress/zstd"
)

func main() {
	log.SetFlags(0)
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(2<<20))
	if err != nil {
		log.Fatal("pack: ", err)
	}
	for _, name := range os.Args[1:] {
		raw, err := os.ReadFile(name)
		if err != nil {
			log.Fatal("pack: ", err)
		}
		var packed bytes.Buffer // as a stream: packed as a whole, its window would be the file's size, which costs the page time
		z.Reset(&packed)
		if _, err := z.Write(raw); err != nil {
			log.Fatal("pack: ", err)
		}
		if err := z.Close(); err != nil {
			log.Fatal("pack: ", err)
		}
		if err := os.WriteFile(name+".zst", packed.Bytes(), 0o644); err != nil {
			log.Fatal("pack: ", err)
		}
		if err := os.Remove(name); err != nil {
			log.Fatal("pack: ", err)
		}
	}
}
