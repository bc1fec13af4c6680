package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if serveMount(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// TestQuick checks that the program runs and that no request fails. The time is
// too short for the figures to mean anything.
func TestQuick(t *testing.T) {
	if reason := lacksFUSE(); reason != "" {
		t.Logf("no hung disk and no slow disk: %s", reason)
	}
	var out bytes.Buffer
	if err := run(&out, newScale(true), ""); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	rows := 0
	for line := range strings.Lines(out.String()) {
		cells := strings.Split(line, "|")
		if len(cells) != 16 || strings.Contains(cells[3], "requests") || strings.Contains(cells[1], "---") {
			continue
		}
		rows++
		if failed := strings.TrimSpace(cells[10]); failed != "0" {
			t.Errorf("%s requests failed: %s", failed, line)
		}
	}
	if rows < 20 {
		t.Errorf("%d rows", rows)
	}
}
