package main

import (
	"cmp"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lion-agi/fileops"
)

// A service answers requests about the files below a root.
type service struct {
	pool       *fileops.Pool
	root       *os.Root
	log        *slog.Logger
	maxSize    int64
	maxEntries int
	timeout    time.Duration
}

// newHandler returns the handler of every URL. pool must be confined to root.
func newHandler(pool *fileops.Pool, root *os.Root, set *settings, log *slog.Logger) http.Handler {
	s := &service{
		pool:       pool,
		root:       root,
		log:        log,
		maxSize:    set.pool.MaxFileSize,
		maxEntries: cmp.Or(set.maxEntries, defaultMaxEntries),
		timeout:    set.pool.Timeout,
	}
	// A page of another site must not save files through its visitor's browser.
	sameSite := http.NewCrossOriginProtection().Handler(s.routes())
	return secure(wellFormed(sameSite))
}

// methods are the endpoints of one URL by their methods. GET is HEAD too.
type methods map[string]endpoint

// routes returns the handler of each URL.
func (s *service) routes() *http.ServeMux {
	mux := http.NewServeMux()
	api := func(pattern string, m methods) { s.route(mux, pattern, showText, m) }
	api("/files", methods{"GET": strict(parameters{"dir": false, "ext": false}, s.listFiles)})
	api("/file/{path...}", methods{
		"GET": strict(noParameters, s.readFile),
		"PUT": strict(parameters{"overwrite": false}, s.saveFile),
	})
	api("/concat", methods{"GET": strict(concatParameters, s.concat), "POST": strict(concatParameters, s.concatForm)})
	api("/chunks", methods{"GET": strict(cutting.with(selecting).and("path", false), s.chunks)})
	api("/stats", methods{"GET": strict(noParameters, s.stats)})
	api("/static/{name}", methods{"GET": strict(noParameters, staticFile)})
	page := func(pattern string, m methods) { s.route(mux, pattern, showPage, m) }
	page("/{$}", methods{"GET": strict(noParameters, s.browse)})
	page("/browse/{path...}", methods{"GET": strict(noParameters, s.browse)})
	page("/view/{path...}", methods{"GET": strict(cutting.and("page", false), s.view)})
	return mux
}

// route adds the endpoints of a URL. Any other method gets the methods that the URL
// has (RFC 9110, sections 9.3.7 and 15.5.6).
func (s *service) route(mux *http.ServeMux, pattern string, show shower, m methods) {
	allowed := []string{"OPTIONS"}
	for method, e := range m {
		mux.Handle(method+" "+pattern, s.answer(e, show))
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	mux.Handle(pattern, s.answer(otherMethod(strings.Join(allowed, ", ")), show))
}

// otherMethod returns the endpoint of the methods that a URL does not have.
func otherMethod(allowed string) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		if r.Method != http.MethodOptions {
			return &statusError{http.StatusMethodNotAllowed, "the methods here are " + allowed}
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
