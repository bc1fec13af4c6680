module github.com/lion-agi/fileops/benchmarks

go 1.26.5

require (
	github.com/charlievieth/fastwalk v1.0.14
	github.com/google/renameio/v2 v2.0.2
	github.com/lion-agi/fileops v0.0.0
	github.com/otiai10/copy v1.14.1
	github.com/sourcegraph/conc v0.3.0
	github.com/tmc/langchaingo v0.1.14
	golang.org/x/sync v0.24.0
)

require (
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/dlclark/regexp2 v1.10.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/otiai10/mint v1.6.3 // indirect
	github.com/pkoukk/tiktoken-go v0.1.6 // indirect
	gitlab.com/golang-commonmark/html v0.0.0-20191124015941-a22733972181 // indirect
	gitlab.com/golang-commonmark/linkify v0.0.0-20191026162114-a0c2df6c8f82 // indirect
	gitlab.com/golang-commonmark/markdown v0.0.0-20211110145824-bf3e522c626a // indirect
	gitlab.com/golang-commonmark/mdurl v0.0.0-20191124015652-932350d1cb84 // indirect
	gitlab.com/golang-commonmark/puny v0.0.0-20191124015043-9f83538fa04f // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/lion-agi/fileops => ../
