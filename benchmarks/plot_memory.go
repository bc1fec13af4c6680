package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
)

// A memoryPlot holds the peak memory of operations over the size of their input.
type memoryPlot struct {
	points map[string][]memoryPoint // by operation
	most   memoryPoint
}

// A memoryPoint is one measurement.
type memoryPoint struct {
	size float64 // of the tree, in bytes
	mib  int
}

// measure measures the operations on a tree, prints a row, and adds points.
func (p *memoryPlot) measure(w io.Writer, name string, size float64, tree string, paths []string) error {
	if p.points == nil {
		p.points = map[string][]memoryPoint{}
	}
	fmt.Fprintf(w, "| %s", name)
	for _, o := range peakOperations {
		if o.most > 0 && size > float64(o.most) {
			fmt.Fprint(w, " | –")
			continue
		}
		input := []string{tree}
		if o.list {
			input = paths
		}
		mib, err := peakOf(o, input)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", o.name, name, err)
		}
		fmt.Fprintf(w, " | %d", mib)
		p.points[o.name] = append(p.points[o.name], memoryPoint{size, mib})
		p.most = memoryPoint{max(p.most.size, size), max(p.most.mib, mib)}
	}
	fmt.Fprintln(w, " |")
	return nil
}

// The layout of the plot, in pixels.
const (
	memoryHeight = 360
	memoryLeft   = 60
	memoryRight  = 740
	memoryTop    = 40
	memoryBottom = 310
)

// x and y return where a point is drawn. Both axes are logarithmic, and begin at
// 10 MB and 10 MiB.
func (p *memoryPlot) x(size float64) float64 {
	return memoryLeft + (memoryRight-memoryLeft)*math.Log(max(size/1e7, 1))/math.Log(max(p.most.size/1e7, math.E))
}

func (p *memoryPlot) y(mib float64) float64 {
	return memoryBottom - (memoryBottom-memoryTop)*math.Log(max(mib/10, 1))/math.Log(max(float64(p.most.mib)/10, math.E))
}

// svg draws the plot: a line for each operation.
func (p *memoryPlot) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, plotHead, plotWidth, memoryHeight, "peak memory over the size of the tree")
	fmt.Fprintf(&b, "<text class=\"title\" x=\"16\" y=\"22\">Peak memory of a process over the size of the tree</text>\n")
	for mib := 10.0; mib <= float64(p.most.mib); mib *= 10 {
		fmt.Fprintf(&b, "<text class=\"name\" x=\"%d\" y=\"%.0f\">%.0f MiB</text>\n", memoryLeft-4, p.y(mib)+4, mib)
		fmt.Fprintf(&b, "<line x1=\"%d\" x2=\"%d\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"#8f9aa6\" stroke-opacity=\".3\"/>\n", memoryLeft, memoryRight, p.y(mib), p.y(mib))
	}
	for size := 1e7; size <= p.most.size; size *= 10 {
		fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"%d\">%s GB</text>\n", p.x(size), memoryBottom+20, digits(size/1e9))
	}
	for _, o := range peakOperations {
		p.line(&b, o.name, o.most > 0)
	}
	fmt.Fprintf(&b, "<text x=\"16\" y=\"%d\">%s</text>\n</svg>\n", memoryHeight-10, html.EscapeString(machine()))
	return b.Bytes()
}

// line draws the line of an operation, with its name at its end.
func (p *memoryPlot) line(w io.Writer, name string, holds bool) {
	points := p.points[name]
	if len(points) == 0 {
		return
	}
	colour := "#2f9e6e"
	if holds {
		colour = "#c2571a"
	}
	fmt.Fprintf(w, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour)
	for _, point := range points {
		fmt.Fprintf(w, "%.0f,%.0f ", p.x(point.size), p.y(float64(point.mib)))
	}
	last := points[len(points)-1]
	fmt.Fprintf(w, "\"/>\n<text x=\"%.0f\" y=\"%.0f\">%s, %d MiB</text>\n", p.x(last.size)+8, p.y(float64(last.mib))+4, name, last.mib)
}
