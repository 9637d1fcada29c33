package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"hlrslab/core/darts"
	"hlrslab/core/folder"
	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

// genotypes is the help of --genotype.
const genotypes = "Cells of the network: of a run folder or run file, its last genotype, or with RUN@EPOCH that of an epoch (its images, seeds and multiplier are then the ones to start from); of a text file in quark0/darts' notation; or a published name, random:SEED, all:OPERATION, or the notation itself."

// origin is where a genotype is from.
type origin struct {
	named    string      // on the command line
	genotype string      // as a configuration has it: a name, or quark0/darts' notation
	config   *run.Config // of the run that has it; nil if it is of none
}

// readOrigin finds the genotype that text names: one by its name or notation, a run's, at an epoch if one is named, or a file's.
func readOrigin(text string) (o *origin, err error) {
	defer func() {
		if err == nil {
			o.named = text
		}
	}()
	g, err := darts.ReadGenotype(text)
	switch {
	case err == nil && strings.Contains(text, "="):
		return &origin{genotype: g.String()}, nil
	case err == nil:
		return &origin{genotype: strings.TrimSpace(text)}, nil
	}
	path, epoch := text, 0
	info, missing := os.Stat(path)
	if missing != nil {
		if at := strings.LastIndexByte(text, '@'); at >= 0 {
			if info, missing = os.Stat(text[:at]); missing == nil {
				path = text[:at]
				if epoch, err = strconv.Atoi(text[at+1:]); err != nil || epoch < 1 {
					return nil, fmt.Errorf("--genotype %s: %.80q is no epoch; give a whole number from 1, or leave it out for the last", text, text[at+1:])
				}
			}
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("--genotype %.80s: there is no such run folder or file, and %w", text, err)
	}
	if info.IsDir() {
		return runs(path, epoch)
	}
	record, notRun := runfolder.Record(path)
	if notRun == nil {
		return ofRun(path, record, epoch)
	}
	raw, err := readText(path)
	if err != nil {
		return nil, fmt.Errorf("--genotype %w", err)
	}
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, fmt.Errorf("--genotype %s: it is neither a text nor a run: %w", text, notRun)
	}
	if epoch > 0 {
		return nil, fmt.Errorf("--genotype %s: only a run has epochs, and %s is a text", text, path)
	}
	if g, err = darts.ReadGenotype(string(raw)); err != nil {
		return nil, fmt.Errorf("--genotype %s: %w", text, err)
	}
	return &origin{genotype: g.String()}, nil
}

// readText reads a file that may have a genotype, which is short.
func readText(path string) ([]byte, error) {
	const most = 1 << 16
	f, err := disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if len(raw) > most {
		return nil, fmt.Errorf("%s: it is neither a run nor a genotype, which has %d bytes at most", path, most)
	}
	return raw, err
}

// runs is the genotype of the run in a folder.
func runs(dir string, epoch int) (*origin, error) {
	record, err := runfolder.Record(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--genotype %s: this folder holds no run, for it has no %s", dir, folder.Snapshot)
	}
	if err != nil {
		return nil, fmt.Errorf("--genotype %s: %w", dir, err)
	}
	return ofRun(dir, record, epoch)
}

// ofRun is the genotype of a run after an epoch, from 1, or after the last.
func ofRun(from string, r run.Record, epoch int) (*origin, error) {
	last := r.Last()
	if last == nil {
		return nil, fmt.Errorf("--genotype %s: no epoch of this run has ended yet, so it has no genotype", from)
	}
	if epoch > last.Epoch+1 {
		return nil, fmt.Errorf("--genotype %s@%d: the run has come to epoch %d; give 1 to %d", from, epoch, last.Epoch+1, last.Epoch+1)
	}
	for _, e := range r.Events {
		if e.Kind == run.EpochDone && e.Epoch+1 == epoch {
			last = &e
		}
	}
	if len(last.Report.Genotype.Normal) == 0 {
		return nil, fmt.Errorf("--genotype %s: this run is a training of %s, which has no genotype", from, r.Config.Network)
	}
	c := r.InForce()
	return &origin{genotype: last.Report.Genotype.String(), config: &c}, nil
}

// images has c take the images of the origin's run, its seeds and its multiplier.
func (o *origin) images(c *run.Config) {
	if o != nil && o.config != nil {
		*c = c.After(*o.config)
	}
}
