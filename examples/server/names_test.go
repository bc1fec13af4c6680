package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSlashed(t *testing.T) {
	assert.Equal(t, "sub/c.txt", slashed(`sub\c.txt`, true))
	assert.Equal(t, `sub\c.txt`, slashed(`sub\c.txt`, false), "elsewhere it is a part of a name")
	assert.Equal(t, []string{"a/b", "c"}, slashedAll([]string{`a\b`, "c"}, true))
	assert.Equal(t, "/file/sub/d%20e", pathURL("/file/", slashed(`sub\d e`, true)))
}

func TestNamesOnWindows(t *testing.T) {
	for _, name := range []string{
		"a\x00b", `a\b`, "C:", "C:x", "a.txt:stream", "a?", "a*", "a<b", "a>b", `a"b`, "a|b", "a\nb", "a\x1f",
		"a.", "a ", "a. .", "...", "sub./a", "sub /a", "CON", "con", "nul.txt", "Aux.tar.gz", "sub/prn", "COM1", "com9.txt", "LPT0", "COM¹", "lpt³.x", "CONIN$", "conout$", "NUL .txt",
	} {
		assert.Error(t, checkName(name, true), name)
	}
	for _, name := range []string{"", "a", "a.txt", "sub/c.txt", ".hidden", "a b", "..", "../x", "./a", "/etc/passwd", "größe.txt", "console", "com", "com10", "LPTx", "nullable", "COM"} {
		assert.NoError(t, checkName(name, true), name)
	}
	assert.Error(t, checkName("a\x00b", false))
	assert.NoError(t, checkName(`a\b:c.`, false))
	assert.Equal(t, http.StatusBadRequest, status(checkName("con", true)))
}

func TestErrorNumbersOfWindows(t *testing.T) {
	for errno, want := range map[syscall.Errno]int{
		123: 400, 161: 400, 206: 400, 111: 400, 87: 400, 1920: 400, 1921: 400,
		15: 404, 53: 404, 67: 404, 267: 404, 303: 404, 19: 403, 32: 409, 33: 409, 39: 507, 112: 507,
		0: 0, 6: 0, 31: 0,
	} {
		assert.Equal(t, want, windowsStatus(errno), "error %d", errno)
	}
}

// hostile is the name of a file that sends commands to terminals, forges lines and
// reverses the text after it.
const hostile = "a\x1b[2J\r\nlevel=ERROR\u202etxt.<b>"

// assertPrintable asserts that a text has no character that changes how another one
// is shown.
func assertPrintable(t *testing.T, text string) {
	t.Helper()
	for _, c := range strings.ReplaceAll(text, "\n", "") {
		assert.True(t, unicode.IsPrint(c), "%q has %q", text, c)
	}
}

func TestPagesAndErrorsQuoteNames(t *testing.T) {
	f := newFixture(t, nil)
	f.write(hostile+"/"+hostile, "text")
	f.write("bad/"+hostile, "\xff")
	for _, url := range []string{"/", "/browse/bad", pathURL("/browse/", hostile), pathURL("/view/", hostile+"/"+hostile), pathURL("/view/", "none"+hostile), pathURL("/view/", "bad/"+hostile)} {
		page := text(t, f.get(url))
		for _, attribute := range links.FindAllString(page, -1) {
			assertPrintable(t, attribute)
		}
		// The value of a box is the name itself. The browser does not show it.
		for _, line := range strings.SplitAfter(page, "value=") {
			_, shown, found := strings.Cut(line, `" aria-label`)
			if !found {
				shown = line
			}
			assertPrintable(t, shown)
		}
		assert.NotContains(t, page, "<b>")
	}
	for _, url := range []string{pathURL("/file/", "none"+hostile), pathURL("/file/", "bad/"+hostile), "/concat?path=bad"} {
		r := f.get(url)
		assert.GreaterOrEqual(t, r.StatusCode, 400)
		body := text(t, r)
		assertPrintable(t, body)
		assert.Equal(t, 1, strings.Count(body, "\n"))
		assert.Contains(t, body, `a\x1b[2J\r\nlevel=ERROR\u202etxt.<b>`)
	}
	r := f.get("/concat?path=a.txt&path=bad")
	text(t, r)
	assertPrintable(t, strings.Join(r.Trailer["Concat-Skipped-File"], ""))
	assert.Contains(t, r.Trailer.Get("Concat-Skipped-File"), `\x1b[2J`)
}

func TestLogsQuoteNames(t *testing.T) {
	var log strings.Builder
	f := newFixture(t, func(s *settings) { s.pool.Logger = newLogger(&log, true) })
	f.get(pathURL("/file/", hostile))
	f.get("/chunks?path=" + "x%1b%5b2J%0a%e2%80%ae")
	s := &service{log: newLogger(&log, false)}
	fails := func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("read %s: disk on fire", hostile) }
	s.answer(fails, showText).ServeHTTP(discard{}, requestFor(pathURL("/file/", hostile)))
	slog.NewLogLogger(newLogger(&log, false).Handler(), slog.LevelWarn).Println("http: " + hostile)
	require.Contains(t, log.String(), `\x1b[2J`)
	assertPrintable(t, log.String())
	for line := range strings.Lines(log.String()) {
		assert.Regexp(t, "^time=", line)
	}
}

// requestFor returns a GET request.
func requestFor(url string) *http.Request {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// A discard is an answer that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func TestErrorsOfTheProgramQuoteNames(t *testing.T) {
	var stdout, stderr strings.Builder
	assert.Equal(t, 1, run(t.Context(), []string{"-root", filepath.Join(t.TempDir(), hostile)}, &stdout, &stderr))
	assertPrintable(t, stderr.String())
	assert.Contains(t, stderr.String(), `a\x1b[2J\r\n`)
	assert.Equal(t, 1, strings.Count(stderr.String(), "\n"))
}

// Files are anybody's. A browser must take none for a page or a script of the server.
func TestFilesAreNeverPages(t *testing.T) {
	f := newFixture(t, nil)
	const script = "<html><script src=/file/x.js></script>"
	for _, name := range []string{"x.html", "x.js", "x.svg", "x.xhtml", "x.css", "x"} {
		f.write(name, script)
		for _, url := range []string{"/file/" + name, "/concat?path=" + name, "/chunks?path=" + name, "/file/none" + script, "/concat?path=" + name + "%3Cscript%3E"} {
			r := f.get(strings.ReplaceAll(url, " ", "%20"))
			assert.Regexp(t, "^(text/plain; charset=utf-8|application/(json|x-ndjson))$", r.Header.Get("Content-Type"), url)
			assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
			assert.Equal(t, "same-origin", r.Header.Get("Cross-Origin-Resource-Policy"))
			assert.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		}
		for _, url := range []string{"/view/" + name, "/view/" + name + "?size=10"} {
			assert.NotContains(t, text(t, f.get(url)), "<script src=/file", url)
		}
	}
}

func TestStaticFilesAreThoseOfThePage(t *testing.T) {
	f := newFixture(t, nil)
	for name, want := range map[string]string{"style.css": "text/css; charset=utf-8", "script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		r := f.get("/static/" + name)
		assert.Equal(t, want, r.Header.Get("Content-Type"))
		data, err := os.ReadFile(filepath.Join("page", name))
		require.NoError(t, err)
		assert.Equal(t, string(data), text(t, r))
	}
	for _, url := range []string{"/static/", "/static/layout.html", "/static/browse.html", "/static/..", "/static/%2e%2e%2fmain.go", "/static/index.html", "/static/a/b"} {
		assert.Contains(t, []int{404, 307}, f.get(url).StatusCode, url)
	}
}
