// Package splitters names the splitters for the flags and parameters of the programs.
package splitters

import (
	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
)

// ByName has the splitters by their names. A nil one cuts anywhere.
var ByName = map[string]fileops.Splitter{
	"auto": split.ByName(), "text": split.Text(), "markdown": split.Markdown(), "code": split.Code(""), "none": nil,
}

// Names are the names, for a message to the user.
const Names = "auto, text, markdown, code or none"
