// Package charset knows the encodings of text: their names, their byte order
// marks, and how to tell the encoding of a text from its bytes. It is pure: it
// reads no files.
package charset
