//go:build js && wasm

// Command images reads a person's own images in a Web Worker, which the page starts when it is given some: decoders and unpackers
// are needed there alone. Nothing leaves the machine.
//
// It takes {paths, files}, and posts {name, classes, size, train, test, least, leastTest, pack} with a pack of the first images of every class, or
// {error}.
package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall/js"

	"hlrslab/core/data"
	"hlrslab/core/data/imagefolder"
	"hlrslab/wasm/web"
)

// drawable is the most classes whose pairs the page draws.
const drawable = 256

func main() {
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		go answer(args[0].Get("data"))
		return nil
	}))
	select {}
}

func answer(m js.Value) {
	d, err := read(m.Get("paths"), m.Get("files"))
	var b bytes.Buffer
	if err == nil && len(d.Classes) > drawable {
		err = fmt.Errorf("%d classes, and the page draws up to %d: search on them with hlrs search --dataset own", len(d.Classes), drawable)
	}
	if err == nil {
		err = data.Pack(&b, d, d.Train.First(data.PageTrain), d.Test.First(data.PageTest))
	}
	if err != nil {
		js.Global().Call("postMessage", map[string]any{"error": err.Error()})
		return
	}
	least := func(m *data.Images, part []int) int { // of a class
		counts := make([]int, len(d.Classes))
		for _, i := range part {
			counts[m.Labels[i]]++
		}
		return slices.Min(counts)
	}
	train, test := d.Train.First(data.PageTrain), d.Test.First(data.PageTest)
	classes := make([]any, len(d.Classes))
	for i, c := range d.Classes {
		classes[i] = c
	}
	pack := web.Array(b.Bytes())
	js.Global().Call("postMessage", map[string]any{
		"name": d.Name, "classes": classes, "size": d.Train.Size, "train": len(train), "test": len(test),
		"least": least(&d.Train, train), "leastTest": least(&d.Test, test), "pack": pack,
	}, []any{pack.Get("buffer")})
}

// read reads CIFAR-10's archive, a zip of images by class, or a folder's files.
func read(paths, list js.Value) (*data.Dataset, error) {
	files := folder{}
	for i := range list.Length() {
		name := paths.Index(i).String()
		buffer, err := web.Await(list.Index(i).Call("arrayBuffer"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[strings.TrimPrefix(path.Clean("/"+name), "/")] = web.Bytes(buffer)
	}
	if len(files) != 1 {
		return imagefolder.Read(files)
	}
	for name, raw := range files {
		switch {
		case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}), len(raw) > 262 && string(raw[257:262]) == "ustar":
			return data.ReadArchive(bytes.NewReader(raw))
		case !bytes.HasPrefix(raw, []byte("PK")):
			return nil, fmt.Errorf("%s is neither images, nor a run. Take a folder or a zip with a folder of images for each class, CIFAR-10's archive (cifar-10-binary.tar.gz), or a run's file (.safetensors)", name)
		}
		packed, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return imagefolder.ReadZip(packed)
	}
	return nil, errors.New("no files")
}
