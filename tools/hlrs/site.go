package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// site serves the page, what is public, and the state of the images, and nothing else of its root.
type site struct {
	root   *os.Root // of index.html
	public *os.Root // below it: no link leads out of it
	hosts  []string // names by which it may be asked for
	policy string   // for all that is served: a worker takes it from there, not from the page
	status http.Handler
	stall  time.Duration // how long a reader may take nothing of an answer
}

// policies finds the Content-Security-Policy where it stands once and for all, in the page.
var policies = regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]+)"`)

func newSite(dir string, hosts []string, status http.Handler) (_ *site, err error) {
	s := &site{hosts: hosts, status: status, stall: time.Minute}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	if s.public, err = s.root.OpenRoot("public"); err != nil {
		return nil, err
	}
	page, err := s.root.ReadFile("index.html")
	if err != nil {
		return nil, err
	}
	policy := policies.FindSubmatch(page)
	if policy == nil {
		return nil, fmt.Errorf("%s/index.html has no Content-Security-Policy", dir)
	}
	s.policy = string(policy[1])
	return s, nil
}

func (s *site) close() {
	for _, r := range []*os.Root{s.public, s.root} {
		if r != nil {
			r.Close()
		}
	}
}

// ServeHTTP answers GET and HEAD.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w = &patient{w, s.stall}
	h := w.Header()
	h.Set("Cache-Control", "no-cache") // a rebuilt program is taken at the next reload
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	switch {
	case !s.known(r.Host):
		http.Error(w, fmt.Sprintf("The laboratory does not go by the name of %q. If it should, start it with --host %s,NAME.", r.Host, s.hosts[0]), http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are answered.", http.StatusMethodNotAllowed)
	case r.URL.Path == "/data/status":
		s.status.ServeHTTP(w, r)
	case r.URL.Path == "/", r.URL.Path == "/index.html":
		send(w, r, s.root, "index.html")
	case r.URL.Path == "/sw.js": // a service worker serves what lies below it
		send(w, r, s.public, "sw.js")
	case strings.HasPrefix(r.URL.Path, "/public/") && !strings.Contains(r.URL.Path, "/."):
		send(w, r, s.public, strings.TrimPrefix(r.URL.Path, "/public/"))
	default:
		http.NotFound(w, r)
	}
}

// send serves a regular file below a root. Whatever hinders that, there is none.
func send(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	info, err := root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	f, err := root.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	packed(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, path.Base(name), info.ModTime(), f)
	}).ServeHTTP(w, r)
}

// packed sends texts compressed to who takes them so; programs and recordings are compressed already, and images hardly can be.
var packed = func() func(http.HandlerFunc) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypes([]string{"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"}))
	if err != nil {
		panic(err) // of options that stand above
	}
	return func(h http.HandlerFunc) http.HandlerFunc { return wrap(h) }
}()

// known says whether a request is meant for this server. The page of another site can have a name of its own lead here, and
// would then read what it is not meant to; an address in figures it cannot.
func (s *site) known(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	_, err := netip.ParseAddr(host)
	return err == nil || strings.EqualFold(host, "localhost") || slices.ContainsFunc(s.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// addresses are where a server that listens at addr is found.
func addresses(hosts []string, addr *net.TCPAddr) (all []string) {
	if ip, err := netip.ParseAddr(hosts[0]); err == nil && ip.IsUnspecified() {
		hosts = append([]string{"localhost"}, hosts[1:]...)
		own, _ := net.InterfaceAddrs() // without them there is localhost
		for _, a := range own {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && (ip.IP.To4() != nil || addr.IP.To4() == nil) {
				hosts = append(hosts, ip.IP.String())
			}
		}
	}
	for _, h := range hosts {
		all = append(all, "http://"+net.JoinHostPort(h, fmt.Sprint(addr.Port)))
	}
	return all
}

// patient gives an answer all the time it takes, as long as its reader goes on reading.
type patient struct {
	http.ResponseWriter
	stall time.Duration
}

func (p *patient) Write(b []byte) (int, error) {
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(p.stall)) // a recorder in a test has none
	return p.ResponseWriter.Write(b)
}
