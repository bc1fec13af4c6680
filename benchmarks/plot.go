package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"time"
)

// The layout of the plot, in pixels.
const (
	plotWidth = 900
	barLeft   = 390
	barRight  = 790
	barStep   = 26
	barHeight = 16
)

// plotHead begins the SVG file. Its colours can be seen on any background. A
// viewer that reports a light or a dark background gets colours with more
// contrast.
const plotHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">
<style>
text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #768390 }
.title { font-weight: 600; font-size: 14px }
.ours { fill: #2f9e6e }
.peer { fill: #8f9aa6 }
.name { text-anchor: end }
@media (prefers-color-scheme: light) { text { fill: #3d444d } .ours { fill: #1f8a5b } .peer { fill: #a9b3bd } }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .ours { fill: #3fb983 } .peer { fill: #6e7681 } }
</style>
`

// A bar is one implementation in a chart.
type bar struct {
	class, name string
	d           time.Duration
}

// bars returns the bars of a result's chart, and the time of the fastest.
func (r *result) bars() (bars []bar, fastest time.Duration) {
	fastest = median(r.ours)
	bars = []bar{{"ours", "fileops", fastest}}
	for i, p := range r.comparison.peers {
		if p.run != nil {
			d := median(r.theirs[i])
			bars = append(bars, bar{"peer", p.name, d})
			fastest = min(fastest, d)
		}
	}
	return bars, fastest
}

// drawChart draws a result's chart with its top at y. It returns the y where
// the next chart begins. A bar's length is its speed relative to the fastest of
// the chart.
func (r *result) drawChart(w io.Writer, y int) (next int) {
	fmt.Fprintf(w, "<text class=\"title\" x=\"16\" y=\"%d\">%s</text>\n", y, html.EscapeString(r.plot))
	y += 14
	bars, fastest := r.bars()
	for _, b := range bars {
		width := max(float64(barRight-barLeft)*float64(fastest)/float64(b.d), 1)
		fmt.Fprintf(w, "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>", barLeft-10, y+13, html.EscapeString(b.name))
		fmt.Fprintf(w, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", b.class, barLeft, y, width, barHeight)
		fmt.Fprintf(w, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", barLeft+width+8, y+13, r.comparison.rate(b.d))
		y += barStep
	}
	return y + 28
}

// plot draws the results that have a chart, one chart below the other.
func plot(results []*result) []byte {
	var body bytes.Buffer
	y := 28
	for _, r := range results {
		if r.plot != "" {
			y = r.drawChart(&body, y)
		}
	}
	fmt.Fprintf(&body, "<text x=\"16\" y=\"%d\">Longer bars are faster. %s</text>\n", y, html.EscapeString(machine()))
	var svg bytes.Buffer
	fmt.Fprintf(&svg, plotHead, plotWidth, y+16, "fileops beside its peers; longer bars are faster")
	body.WriteTo(&svg)
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}
