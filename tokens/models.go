package tokens

import (
	"maps"
	"slices"
	"strings"
)

// families has the encoding of each family of models: those of tiktoken's model.py.
var families = map[string]func() *Encoding{
	"gpt-5":       O200k,
	"gpt-4.5":     O200k,
	"gpt-4.1":     O200k,
	"gpt-4o":      O200k,
	"chatgpt-4o":  O200k,
	"gpt-oss":     O200k,
	"o1":          O200k,
	"o3":          O200k,
	"o4-mini":     O200k,
	"gpt-4":       Cl100k,
	"gpt-3.5":     Cl100k,
	"gpt-35":      Cl100k, // as Azure writes it
	"davinci-002": Cl100k,
	"babbage-002": Cl100k,

	"text-embedding-3-small": Cl100k,
	"text-embedding-3-large": Cl100k,
	"text-embedding-ada-002": Cl100k,

	"text-davinci-003": P50k,
	"text-davinci-002": P50k,
	"code-davinci":     P50k,
	"code-cushman":     P50k,

	"text-davinci-001": R50k,
	"text-curie-001":   R50k,
	"text-babbage-001": R50k,
	"text-ada-001":     R50k,
	"davinci":          R50k,
	"curie":            R50k,
	"babbage":          R50k,
	"ada":              R50k,
	"gpt2":             R50k,
	"gpt-2":            R50k,
}

// ForModel returns the encoding of a model of OpenAI, such as "gpt-5-mini",
// "gpt-4o-2024-08-06", "text-embedding-3-small" or "ft:gpt-4o-mini:example::id".
// It returns an [UnknownModelError] for another one.
func ForModel(name string) (*Encoding, error) {
	family := name
	if tuned, ok := strings.CutPrefix(name, "ft:"); ok {
		family, _, _ = strings.Cut(tuned, ":")
	}
	// The minor versions of GPT-5 have its encoding. Those of GPT-4 do not.
	if version, ok := strings.CutPrefix(family, "gpt-5."); ok {
		family = "gpt-5-" + version
	}
	for family != "" {
		if encoding, ok := families[family]; ok {
			return encoding(), nil
		}
		// A version follows a hyphen.
		family = family[:max(0, strings.LastIndexByte(family, '-'))]
	}
	return nil, &UnknownModelError{Model: name, Known: slices.Sorted(maps.Keys(families))}
}
