package terminal

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQuote(t *testing.T) {
	for name, want := range map[string]string{
		"a b/größe 走.txt":     "a b/größe 走.txt",
		`C:\dir\a"b.txt`:      `C:\dir\a"b.txt`,
		"":                    `""`,
		`"quoted"`:            `"\"quoted\""`,
		"blank ":              `"blank "`,
		"a\x1b[2Jb":           `"a\x1b[2Jb"`,
		"a\nb\r\tc":           `"a\nb\r\tc"`,
		"a\x7fb\u009bb":       `"a\x7fb\u009bb"`,
		"a\u202etxt.exe":      `"a\u202etxt.exe"`,
		"a\u202a\u2066\u2069": `"a\u202a\u2066\u2069"`,
		"a\u200e\u2028":       `"a\u200e\u2028"`,
		"a\xffb":              `"a\xffb"`,
		"a\ufffdb":            "a\ufffdb",
	} {
		assert.Equal(t, want, Quote(name))
	}
}

func TestEscape(t *testing.T) {
	assert.Equal(t, `read "a\x1b[2J": no\nsuch`, Escape("read \"a\x1b[2J\": no\nsuch"))
	assert.Equal(t, `back\slash`, Escape(`back\slash`))
}

func TestLines(t *testing.T) {
	err := errors.Join(errors.New("one\nforged"), fmt.Errorf("two: %w", errors.New("inner")), errors.Join(errors.New("three")))
	assert.Equal(t, []string{`one\nforged`, "two: inner", "three"}, Lines(err))

	around := fmt.Errorf("both: %w and %w", errors.New("one"), errors.New("two"))
	assert.Equal(t, []string{"both: one and two"}, Lines(around))
}
