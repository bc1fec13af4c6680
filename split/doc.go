// Package split has splitters for [fileops.ChunkOptions]: functions that find
// the places where a text may be cut, and rank them.
//
// [Text] knows paragraphs, lines, sentences and words. [Markdown] knows the
// blocks of CommonMark and the headings. [Code] knows the declarations of a
// programming language. [ByName] picks one of them by the name of the file. All
// of them are pure functions: they do no I/O, they keep nothing between two
// calls, and their time is linear in the length of the text.
//
// # Levels
//
// The levels of boundaries compare within one text. A smaller level is a stronger
// boundary. [Code] has levels of its own. Those of [Text] and [Markdown] are:
//
//	 0 to 5  a heading of depth 1 to 6
//	 6       a new page (form feed), a thematic break, the end of front matter
//	 7       several blank lines
//	 8       a blank line; a block of Markdown
//	 9 to 11 an item of a list; a block inside a block
//	12       a line after a line that ends a sentence
//	13       a line; a row of a table
//	14       a sentence
//	15       a clause
//	16       a word
//	17       a word that no white space comes before
//	18 to 29 the levels 6 to 17, inside something to keep whole: code, a row, a link
//	30       the text after its heading
//
// # How fine the boundaries are
//
// Most texts are cut into chunks of hundreds of characters, so most words are no
// place to cut. [Text] and [Markdown] look for sentences only in lines of more than
// 128 bytes, for clauses only in sentences of more than 128 bytes, and for words
// only in clauses of more than 128 bytes. Of lines, clauses and words they find as
// few as leave no gap of more than 128 bytes. So two neighbouring boundaries are at
// most 128 bytes apart, unless one word is longer. In a text of at most 512 bytes
// they find every line, clause and word. A chunk with a limit below 128 bytes may
// end within a word; to make such chunks, cut a larger chunk again as a text of its
// own.
package split

// The levels of Text and Markdown. The scale is in the documentation of the package.
const (
	levelHeading  = 0 // plus the depth of the heading less 1
	levelPage     = 6
	levelGap      = 7
	levelBlock    = 8
	levelItem     = 9
	levelInner    = 11
	levelLineEnd  = 12
	levelAnyLine  = 13
	levelSentence = 14
	levelClause   = 15
	levelWord     = 16
	levelPart     = 17

	// keptWhole is added to the levels from levelPage on inside something that
	// should stay whole.
	keptWhole = 12

	levelHeadingText = levelPart + keptWhole + 1
)

const (
	// fine is the length in bytes of the pieces of a text that are not cut
	// further. A smaller value makes better chunks of few characters, and a larger
	// one is faster.
	fine = 128

	// shortText is the length in bytes of the texts in which every word is found.
	shortText = 512
)
