package tokens_test

import (
	"errors"
	"fmt"

	"github.com/lion-agi/fileops/tokens"
)

func ExampleO200k() {
	fmt.Println(tokens.O200k().Count("Hello, world!"))
	// Output: 4
}

func ExampleCl100k() {
	fmt.Println(tokens.Cl100k().Count("你好，世界！"))
	fmt.Println(tokens.O200k().Count("你好，世界！"))
	// Output:
	// 7
	// 4
}

func ExampleP50k() {
	fmt.Println(tokens.P50k().Count("func main() {\n        return\n}"))
	// Output: 9
}

func ExampleR50k() {
	fmt.Println(tokens.R50k().Count("func main() {\n        return\n}"))
	// Output: 15
}

func ExampleForModel() {
	encoding, err := tokens.ForModel("gpt-4o-mini")
	fmt.Println(encoding.Name(), err)

	_, err = tokens.ForModel("gpt-9000")
	var unknown *tokens.UnknownModelError
	fmt.Println(errors.As(err, &unknown))
	// Output:
	// o200k_base <nil>
	// true
}

func ExampleEncoding_Count() {
	fmt.Println(tokens.O200k().Count("One token is four letters of English or so."))
	// Output: 10
}

// A prompt gets as much of a text as its budget allows.
func ExampleEncoding_Prefix() {
	text := "The quick brown fox jumps over the lazy dog."
	end := tokens.O200k().Prefix(text, 5)
	fmt.Printf("%q and %q\n", text[:end], text[end:])
	// Output: "The quick brown fox jumps" and " over the lazy dog."
}

func ExampleEncoding_Parts() {
	text := "The quick brown fox jumps over the lazy dog."
	e := tokens.O200k()
	count, prefix := e.Parts(e, text)
	end := prefix(0, len(text), 5)
	fmt.Println(text[:end], count(0, end), count(4, end))
	// Output: The quick brown fox jumps 5 4
}

func ExampleEncoding_AppendTokens() {
	fmt.Println(tokens.O200k().AppendTokens(nil, "hello world"))
	// Output: [24912 2375]
}

func ExampleEncoding_Decode() {
	text, err := tokens.O200k().Decode([]uint32{24912, 2375})
	fmt.Printf("%s %v\n", text, err)

	_, err = tokens.O200k().Decode([]uint32{4_000_000})
	fmt.Println(err)
	// Output:
	// hello world <nil>
	// o200k_base has no token 4000000
}

func ExampleEncoding_Name() {
	fmt.Println(tokens.Cl100k().Name())
	// Output: cl100k_base
}
