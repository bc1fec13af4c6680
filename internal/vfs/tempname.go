package vfs

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// The name of a temporary file is ".fileops-", 16 hexadecimal digits and ".tmp".
const (
	tempPrefix = ".fileops-"
	tempSuffix = ".tmp"
	tempDigits = 16
)

func tempName() string { return tempPrefix + RandomHex(tempDigits) + tempSuffix }

// IsTempName reports whether name is that of a temporary file. A killed process
// may leave one.
func IsTempName(name string) bool {
	digits, ok := strings.CutPrefix(name, tempPrefix)
	if !ok {
		return false
	}
	digits, ok = strings.CutSuffix(digits, tempSuffix)
	return ok && IsRandomHex(digits, tempDigits)
}

// RandomHex returns n random hexadecimal digits.
func RandomHex(n int) string {
	b := make([]byte, (n+1)/2)
	rand.Read(b)
	return hex.EncodeToString(b)[:n]
}

// IsRandomHex reports whether s may come from RandomHex(n).
func IsRandomHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
