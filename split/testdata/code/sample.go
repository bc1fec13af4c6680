// Copyright of somebody.

// Package shop sells.
package shop

import (
	"fmt"
	"os"
)

const open = '{'

type (
	a int
	b struct {
		x int
	}
)

// A Basket holds items.
type Basket[T any] struct {
	items []T // it's
	size  int
}

var text = `
func notHere() {
`

// Add adds one.
func (b *Basket[T]) Add(item T) (n int, err error) {
	if item == nil {
		return 0, nil
	} else {
		n++
	}

	table := []struct{ a int }{
		{1},
		{2},
	}
	for _, x := range table {
		switch x.a {
		case 1, '{':
			fmt.Println("}")
		default:
			os.Exit(1)
		}
	}
	return
}

func helper() interface{} {
	return 1
}
func last() {}
