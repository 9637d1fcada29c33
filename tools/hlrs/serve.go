package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hlrslab/tools/internal/fetch"
)

type serveCommand struct {
	Source
	Host       []string `default:"localhost" help:"Address to listen on: localhost is for this machine alone, 0.0.0.0 for all who reach it. More names after a comma are those by which others reach it."`
	Port       int      `env:"PORT" default:"8080" help:"Port to listen on, from 1 to 65535; 0 takes a free one."`
	Root       string   `type:"existingdir" default:"." help:"Folder of index.html and public/."`
	NoDownload bool     `help:"Stay on the toy set where CIFAR-10 is not at hand."`
}

// packName is where the page finds its images, below the root.
const packName = "public/data/cifar10.pack"

// status is what the page learns of the real images at data/status.
type status struct {
	State string `json:"state"` // ready, downloading, none or error
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Pack  string `json:"pack,omitempty"`
	Error string `json:"error,omitempty"`
}

// lab follows the download behind the page, which a site serves.
type lab struct {
	root   string
	mutex  sync.Mutex
	status status
}

// Run serves the laboratory until ctx is done.
func (c *serveCommand) Run(ctx context.Context) error {
	if len(c.Host) == 0 || slices.Contains(c.Host, "") {
		return errors.New("--host: a name is empty; give localhost, or 0.0.0.0 for all who reach this machine")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &lab{root: c.Root}
	site, err := newSite(c.Root, c.Host, l)
	if err != nil {
		return fmt.Errorf("%w: --root names the folder of the laboratory's page", err)
	}
	defer site.close()
	listener, err := net.Listen("tcp", net.JoinHostPort(c.Host[0], strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("%w: take another port with --port or PORT, or another address with --host", err)
	}
	var background sync.WaitGroup
	if l.prepare(ctx, c) {
		background.Go(func() { l.download(ctx, c) })
	}
	server := &http.Server{Handler: site, ReadTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute} // site limits what writing takes
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	fmt.Printf("the laboratory is at %s (Ctrl-C ends it)\n", strings.Join(addresses(c.Host, listener.Addr().(*net.TCPAddr)), " and "))
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	background.Wait()
	return <-stopped
}

// prepare packs the images that are at hand, and says whether they have to be downloaded.
func (l *lab) prepare(ctx context.Context, c *serveCommand) bool {
	pack := filepath.Join(l.root, packName)
	if c.Data == "" { // images named on the command line are packed afresh
		if d, err := readPack(pack); err == nil && d.Name == "cifar10" {
			l.set(status{State: "ready", Pack: packName})
			return false
		}
	}
	err := error(nil)
	if !c.packed() {
		_, err = fetch.Find(c.Data)
	}
	switch {
	case errors.Is(err, fetch.ErrAbsent) && c.NoDownload:
		l.set(status{State: "none"})
	case errors.Is(err, fetch.ErrAbsent):
		fmt.Println("CIFAR-10 is not at hand: the page opens on the toy set while it downloads")
		l.set(status{State: "downloading", Total: fetch.Official().Size})
		return true
	case err != nil:
		l.fail(err)
	default:
		if err := l.pack(ctx, c, nil); err != nil {
			l.fail(err)
		}
	}
	return false
}

// download tries until it has the images: a lost network may come back.
func (l *lab) download(ctx context.Context, c *serveCommand) {
	for wait := 15 * time.Second; ; wait = min(2*wait, 10*time.Minute) {
		err := l.pack(ctx, c, func(done, total int64) { l.set(status{State: "downloading", Done: done, Total: total}) })
		if err == nil || ctx.Err() != nil {
			return
		}
		l.fail(fmt.Errorf("%w; the next try is in %v", err, wait))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// pack writes the page's images.
func (l *lab) pack(ctx context.Context, c *serveCommand, progress fetch.Progress) error {
	d, err := c.open(ctx, progress)
	if err == nil {
		err = writePack(filepath.Join(l.root, packName), d)
	}
	if err != nil {
		return err
	}
	fmt.Println("CIFAR-10 is ready for the page:", packSays)
	l.set(status{State: "ready", Pack: packName})
	return nil
}

func (l *lab) fail(err error) {
	fmt.Fprintln(os.Stderr, "hlrs: the page stays on the toy set:", err)
	l.set(status{State: "error", Error: err.Error()})
}

func (l *lab) set(s status) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.status = s
}

// ServeHTTP tells the state of the images.
func (l *lab) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	l.mutex.Lock()
	s := l.status
	l.mutex.Unlock()
	_ = json.NewEncoder(w).Encode(s) // a reader that has gone needs no answer
}
