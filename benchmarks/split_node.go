package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A jsTask is the input of split.mjs.
type jsTask struct {
	Kind    string   `json:"kind"`
	Size    int      `json:"size"`
	Overlap int      `json:"overlap"`
	Rounds  int      `json:"rounds"`
	Texts   []string `json:"texts"`
}

// A jsAnswer is what split.mjs prints for each splitter.
type jsAnswer struct {
	Name   string      `json:"name"`
	Wall   []float64   `json:"wall"` // seconds, for each round
	CPU    []float64   `json:"cpu"`
	Chunks [][]jsChunk `json:"chunks"` // of each text
}

// A jsChunk is a chunk with its offsets in bytes, or with -1.
type jsChunk struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// measureJS lets the splitters in JavaScript cut the texts. dir has split.mjs and
// the packages.
func (s textSet) measureJS(dir string, rounds int) (results []splitResult, err error) {
	task := jsTask{Kind: s.kind, Size: chunkSize, Overlap: chunkOverlap, Rounds: rounds}
	for _, d := range s.documents {
		task.Texts = append(task.Texts, d.text)
	}
	input, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", filepath.Join(dir, "split.mjs"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(output)); ; {
		var a jsAnswer
		if err := dec.Decode(&a); errors.Is(err, io.EOF) {
			return results, nil
		} else if err != nil {
			return nil, err
		}
		results = append(results, a.result(s))
	}
}

// result counts the laws that the chunks break.
func (a jsAnswer) result(s textSet) splitResult {
	r := splitResult{splitter: a.Name, wall: durations(a.Wall), cpu: durations(a.CPU)}
	for i, chunks := range a.Chunks {
		var pieces []piece
		for _, c := range chunks {
			pieces = append(pieces, piece{text: c.Text, start: c.Start, end: c.End})
		}
		r.laws.count(s.documents[i], pieces)
	}
	return r
}

// durations converts seconds.
func durations(seconds []float64) (ds []time.Duration) {
	for _, s := range seconds {
		ds = append(ds, time.Duration(s*float64(time.Second)))
	}
	return ds
}
