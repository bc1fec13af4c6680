package tokens_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/tokens"
)

func TestForModel(t *testing.T) {
	for want, models := range map[*tokens.Encoding][]string{
		tokens.O200k(): {
			"gpt-5", "gpt-5-mini", "gpt-5-2025-08-07", "gpt-5.1", "gpt-5.2-codex", "gpt-4.5-preview", "gpt-4.1", "gpt-4.1-nano-2025-04-14",
			"gpt-4o", "gpt-4o-mini", "gpt-4o-2024-08-06", "chatgpt-4o-latest", "gpt-oss-120b", "o1", "o1-preview", "o3", "o3-mini-2025-01-31",
			"o4-mini", "o4-mini-2025-04-16", "ft:gpt-4o-mini-2024-07-18:example::abc",
		},
		tokens.Cl100k(): {
			"gpt-4", "gpt-4-32k", "gpt-4-turbo-2024-04-09", "gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-35-turbo", "text-embedding-3-small",
			"text-embedding-3-large", "text-embedding-ada-002", "davinci-002", "ft:gpt-3.5-turbo:example", "ft:davinci-002:example",
		},
		tokens.P50k(): {"text-davinci-003", "code-davinci-002", "code-cushman-001"},
		tokens.R50k(): {"davinci", "text-ada-001", "gpt2", "gpt-2"},
	} {
		for _, model := range models {
			got, err := tokens.ForModel(model)
			require.NoError(t, err, model)
			require.Same(t, want, got, model)
		}
	}
}

func TestForModelUnknown(t *testing.T) {
	for _, model := range []string{"", "-", "gpt", "gpt-6", "gpt-4.2", "gpt-40", "o4", "o5-mini", "claude", "ft:", "ft:claude:gpt-4", "text-embedding", "GPT-4"} {
		_, err := tokens.ForModel(model)
		var unknown *tokens.UnknownModelError
		require.ErrorAs(t, err, &unknown, model)
		require.Equal(t, model, unknown.Model)
		require.Contains(t, unknown.Known, "gpt-4o")
		require.ErrorContains(t, err, `"gpt-4o"`)
	}
}
