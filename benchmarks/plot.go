package main

import (
	"bytes"
	"fmt"
	"html"
	"time"
)

// The plot's measures, in pixels.
const (
	plotWidth = 900
	barLeft   = 390
	barRight  = 790
	barStep   = 26
	barHeight = 16
)

// plotHead opens the picture. The colours are mid-tones that show on any
// background, and clearer ones where the viewer tells which it has.
const plotHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="fileops beside its peers; longer bars are faster">
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

// plot draws the results that ask for it as bar charts, one below the other.
// A bar's length is its speed, on a scale of its own chart.
func plot(results []*result) []byte {
	type bar struct {
		class, name string
		d           time.Duration
	}
	var body bytes.Buffer
	y := 28
	for _, r := range results {
		if r.plot == "" {
			continue
		}
		bars := []bar{{"ours", "fileops", median(r.ours)}}
		fastest := bars[0].d
		for i, p := range r.contest.peers {
			if p.run != nil {
				d := median(r.theirs[i])
				bars = append(bars, bar{"peer", p.name, d})
				fastest = min(fastest, d)
			}
		}
		fmt.Fprintf(&body, "<text class=\"title\" x=\"16\" y=\"%d\">%s</text>\n", y, html.EscapeString(r.plot))
		y += 14
		for _, b := range bars {
			width := max(float64(barRight-barLeft)*float64(fastest)/float64(b.d), 1)
			fmt.Fprintf(&body, "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>", barLeft-10, y+13, html.EscapeString(b.name))
			fmt.Fprintf(&body, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", b.class, barLeft, y, width, barHeight)
			fmt.Fprintf(&body, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", barLeft+width+8, y+13, r.contest.rate(b.d))
			y += barStep
		}
		y += 28
	}
	fmt.Fprintf(&body, "<text x=\"16\" y=\"%d\">Longer bars are faster. %s</text>\n", y, html.EscapeString(machine()))
	var svg bytes.Buffer
	fmt.Fprintf(&svg, plotHead, plotWidth, y+16)
	body.WriteTo(&svg)
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}
