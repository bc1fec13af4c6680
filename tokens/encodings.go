package tokens

import (
	"sync"

	"github.com/pkoukk/tiktoken-go-loader/assets"
)

// O200k returns the encoding o200k_base: that of GPT-4o and all later models.
func O200k() *Encoding { return o200k() }

// Cl100k returns the encoding cl100k_base: that of GPT-4, GPT-3.5 and the
// text-embedding models.
func Cl100k() *Encoding { return cl100k() }

// P50k returns the encoding p50k_base: that of text-davinci-003 and the Codex
// models, which are retired.
func P50k() *Encoding { return p50k() }

// R50k returns the encoding r50k_base: that of GPT-2 and GPT-3.
func R50k() *Encoding { return r50k() }

var (
	o200k  = encoding("o200k_base", splitO200k)
	cl100k = encoding("cl100k_base", splitCl100k)
	p50k   = encoding("p50k_base", splitGPT2)
	r50k   = encoding("r50k_base", splitGPT2)
)

// encoding returns a function that makes an encoding when it is first called. It
// panics if the vocabulary in the program is damaged.
func encoding(name string, split splitter) func() *Encoding {
	return sync.OnceValue(func() *Encoding {
		file, err := assets.Assets.ReadFile(name + ".tiktoken")
		if err != nil {
			panic(err)
		}
		v, err := newVocabulary(file)
		if err != nil {
			panic(name + ": " + err.Error())
		}
		return &Encoding{name: name, split: split, classes: classes(), vocabulary: v}
	})
}
