// Command bench counts the tokens of the same texts with package tokens and with
// its peers, and prints a table. All of them use the encoding o200k_base and one
// core. The peers of npm take part after "npm install" in the directory npm.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/lion-agi/fileops/tokens/internal/texts"
)

// sizes of the texts. The worst cases are small, because some of the peers take
// quadratic time.
const (
	textSize  = 1 << 20
	worstSize = 100_000
)

func main() {
	log.SetFlags(0)
	runtime.GOMAXPROCS(1)
	inputs, err := makeInputs()
	if err != nil {
		log.Fatal(err)
	}
	results, err := measureAll(inputs)
	if err != nil {
		log.Fatal(err)
	}
	printTable(inputs, results)
	if err := check(inputs, results); err != nil {
		log.Fatal(err)
	}
}

// An input is a text by name.
type input struct {
	name, text string
	worst      bool
}

func makeInputs() ([]input, error) {
	source, err := texts.Go(textSize)
	if err != nil {
		return nil, err
	}
	inputs := []input{
		{name: "Go", text: source},
		{name: "English", text: texts.English(textSize)},
		{name: "Chinese", text: texts.Chinese(textSize)},
	}
	worst := texts.WorstCases(worstSize)
	for _, name := range []string{"letter", "underscore", "blanks", "han"} {
		inputs = append(inputs, input{name: name, text: worst[name], worst: true})
	}
	return inputs, nil
}

// measureAll measures all peers. The inputs are in files for those of npm.
func measureAll(inputs []input) (map[string][]result, error) {
	dir, err := os.MkdirTemp("", "tokens-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var files []string
	for _, in := range inputs {
		files = append(files, filepath.Join(dir, in.name))
		if err := os.WriteFile(files[len(files)-1], []byte(in.text), 0o600); err != nil {
			return nil, err
		}
	}
	results, err := measurePeers(inputs)
	if err != nil {
		return nil, err
	}
	fromNPM, err := measureNPM(files)
	if err != nil {
		fmt.Fprintln(os.Stderr, "without the peers of npm:", err)
	}
	maps.Copy(results, fromNPM)
	return results, nil
}

// printTable prints MB/s for the texts and milliseconds for the worst cases.
func printTable(inputs []input, results map[string][]result) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\t")
	for _, in := range inputs {
		unit := "MB/s"
		if in.worst {
			unit = "ms"
		}
		fmt.Fprintf(table, "%s, %s\t", in.name, unit)
	}
	fmt.Fprintln(table)
	for _, name := range slices.Sorted(maps.Keys(results)) {
		fmt.Fprintf(table, "%s\t", name)
		for i, in := range inputs {
			figure := float64(len(in.text)) / results[name][i].Seconds / 1e6
			if in.worst {
				figure = results[name][i].Seconds * 1e3
			}
			fmt.Fprintf(table, "%.1f\t", figure)
		}
		fmt.Fprintln(table)
	}
	table.Flush()
}

// check compares the counts.
func check(inputs []input, results map[string][]result) error {
	for name, list := range results {
		for i, in := range inputs {
			if want := results[own][i].Tokens; list[i].Tokens != want {
				return fmt.Errorf("%s: %s counts %d tokens, not %d", in.name, name, list[i].Tokens, want)
			}
		}
	}
	return nil
}
