package split_test

import (
	"fmt"
	"strings"

	"github.com/lion-agi/fileops/split"
)

// The boundaries of level 0 lie between the declarations of a file.
func ExampleCode() {
	const text = `package shop

type Basket struct{ items []string }

// Add adds one item.
func (b *Basket) Add(item string) {
	b.items = append(b.items, item)
}
`
	for b := range split.Code("go")("", text) {
		if b.Level == 0 {
			line, _, _ := strings.Cut(text[b.At:], "\n")
			fmt.Println(strings.Join(b.Section, " / ")+":", line)
		}
	}
	// Output:
	// shop / Basket: type Basket struct{ items []string }
	// shop / Basket / Add: // Add adds one item.
}
