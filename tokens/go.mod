module github.com/lion-agi/fileops/tokens

go 1.26.5

require (
	github.com/dlclark/regexp2 v1.12.0
	github.com/pkoukk/tiktoken-go-loader v0.0.2
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
