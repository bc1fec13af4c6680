package fileops_test

import (
	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
)

// The laws of cutting hold for the splitters of package split, too.
func init() {
	fileops.BoundarySplitters["split.Text"] = split.Text()
	fileops.BoundarySplitters["split.Markdown"] = split.Markdown()
	fileops.BoundarySplitters["split.Code go"] = split.Code("go")
	fileops.BoundarySplitters["split.Code python"] = split.Code("python")
	fileops.BoundarySplitters["split.Code javascript"] = split.Code("javascript")
	fileops.BoundarySplitters["split.ByName"] = split.ByName()
}
