// Package tokens counts the tokens of a text exactly as the models of OpenAI
// do, in linear time.
//
// An [Encoding] splits a text into pieces (words, numbers, punctuation, white
// space) and merges the bytes of each piece into tokens. [O200k] is the encoding
// of the current models and [Cl100k] that of the models before them and of the
// embeddings. [ForModel] finds the encoding by the name of a model.
//
// The tokens are those of tiktoken's encode_ordinary: special tokens such as
// "<|endoftext|>" are ordinary text. Characters have the classes of Unicode 16,
// as in tiktoken. Invalid UTF-8 is counted as the bytes it is, and
// [Encoding.Decode] gives these bytes back; for the split into pieces, each
// invalid byte is a symbol, as U+FFFD is. (tiktoken replaces them before it
// counts.)
//
// An Encoding has the methods of the interfaces Counter and PrefixCounter of
// package fileops.
package tokens
