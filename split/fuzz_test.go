package split_test

import "testing"

// FuzzText checks the laws of the boundaries that Text finds.
func FuzzText(f *testing.F) { fuzz(f, "text") }

// FuzzMarkdown checks the laws of the boundaries that Markdown finds.
func FuzzMarkdown(f *testing.F) { fuzz(f, "markdown") }

func fuzz(f *testing.F, name string) {
	for _, text := range nastyTexts(700) {
		f.Add(text)
	}
	f.Add(english)
	f.Add(chinese)
	f.Add("---\na: b\n---\n# A\n\n- [b](c)\n  - d\n\n> e\n\n| f |\n|---|\n| g |\n\n```\nh\n```\n\ni\n===\n")
	f.Fuzz(func(t *testing.T, text string) {
		requireLaws(t, name, text)
	})
}
