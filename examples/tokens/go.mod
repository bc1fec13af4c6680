module github.com/lion-agi/fileops/examples/tokens

go 1.26.5

require (
	github.com/lion-agi/fileops v0.0.0
	github.com/lion-agi/fileops/tokens v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/pkoukk/tiktoken-go-loader v0.0.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	github.com/lion-agi/fileops => ../..
	github.com/lion-agi/fileops/tokens => ../../tokens
)
