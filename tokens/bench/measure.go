package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"time"

	"github.com/pkoukk/tiktoken-go"
	tiktoken_loader "github.com/pkoukk/tiktoken-go-loader"
	"github.com/tiktoken-go/tokenizer"

	"github.com/lion-agi/fileops/tokens"
)

// own is the name of the package's own row.
const own = "tokens"

// A result is the best time of several counts of one text.
type result struct {
	Seconds float64
	Tokens  int
}

// measurePeers measures the Go packages.
func measurePeers(inputs []input) (map[string][]result, error) {
	tiktoken.SetBpeLoader(tiktoken_loader.NewOfflineLoader())
	older, err := tiktoken.GetEncoding("o200k_base")
	if err != nil {
		return nil, err
	}
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return nil, err
	}
	results := map[string][]result{}
	for name, count := range map[string]func(string) (int, error){
		own:                     func(text string) (int, error) { return tokens.O200k().Count(text), nil },
		"pkoukk/tiktoken-go":    func(text string) (int, error) { return len(older.EncodeOrdinary(text)), nil },
		"tiktoken-go/tokenizer": codec.Count,
	} {
		for _, in := range inputs {
			r, err := measure(count, in.text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			results[name] = append(results[name], r)
		}
	}
	return results, nil
}

// measure counts a text for a second, at least once, and returns the best time.
func measure(count func(string) (int, error), text string) (best result, err error) {
	begin := time.Now()
	for first := true; first || time.Since(begin) < time.Second; first = false {
		start := time.Now()
		n, err := count(text)
		seconds := time.Since(start).Seconds()
		if err != nil {
			return best, err
		}
		if first || seconds < best.Seconds {
			best = result{seconds, n}
		}
	}
	return best, nil
}

// measureNPM measures the packages of npm on the texts in files.
func measureNPM(files []string) (results map[string][]result, err error) {
	output, err := exec.Command("node", append([]string{"npm/measure.mjs"}, files...)...).Output()
	if err != nil {
		return nil, err
	}
	return results, json.Unmarshal(output, &results)
}
