package main

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"
)

// A heading is a heading of a Markdown text.
type heading struct {
	at, depth int
	source    string // as it is written, without what normal removes
	title     string // the same without markup
}

// findHeadings returns the headings that are in no other block, as goldmark finds
// them.
func findHeadings(source string) (headings []heading) {
	b := []byte(source)
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	for node := parser.Parse(gmtext.NewReader(b)).FirstChild(); node != nil; node = node.NextSibling() {
		h, ok := node.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 {
			continue
		}
		headings = append(headings, heading{
			at: h.Pos(), depth: h.Level, source: normal(string(h.Lines().Value(b))), title: normal(plainText(h, b)),
		})
	}
	return headings
}

// plainText returns the text of a node without markup.
func plainText(node ast.Node, source []byte) string {
	var plain strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				plain.Write(n.Segment.Value(source))
			}
		case *ast.AutoLink:
			if entering {
				plain.Write(n.Label(source))
			}
		}
		return ast.WalkContinue, nil
	})
	return plain.String()
}

// normal returns the letters and digits of a text in lower case, so that markup
// and blanks make no difference.
func normal(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// headingPath returns the headings in force at an offset, the outermost first.
func (d document) headingPath(at int) (path []heading) {
	for _, h := range d.headings {
		if h.at > at {
			break
		}
		for len(path) > 0 && path[len(path)-1].depth >= h.depth {
			path = path[:len(path)-1]
		}
		path = append(path, h)
	}
	return path
}

// tellsPath reports whether a chunk has each heading of a path in its text or in
// its section.
func (c piece) tellsPath(path []heading) bool {
	told := normal(strings.Join(c.section, "") + c.text)
	for _, h := range path {
		if !strings.Contains(told, h.source) && !strings.Contains(told, h.title) {
			return false
		}
	}
	return true
}
