package tokens

import "fmt"

// An UnknownTokenError reports a number that is no token of the encoding.
type UnknownTokenError struct {
	Encoding string // the name of the encoding
	Token    uint32
}

// Error returns the token and the encoding that does not have it.
func (e *UnknownTokenError) Error() string {
	return fmt.Sprintf("%s has no token %d", e.Encoding, e.Token)
}

// An UnknownModelError reports a model whose encoding [ForModel] does not know.
type UnknownModelError struct {
	Model string
	Known []string // the names that ForModel knows, sorted
}

// Error returns the name of the model and those that are known.
func (e *UnknownModelError) Error() string {
	return fmt.Sprintf("no encoding is known for model %q; known are %q and their versions", e.Model, e.Known)
}
