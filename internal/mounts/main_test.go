package mounts

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine that reads the list stays.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
