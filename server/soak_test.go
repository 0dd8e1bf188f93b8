package server_test

import (
	"os"
	"strconv"
	"testing"
)

// soakSize is what the variable LIFEGUARD_SOAK_name says, or else whole. The
// tests of `make soak` are as large as what is promised; each has a small form
// that runs with all the others.
func soakSize(t *testing.T, name string, whole int) int {
	t.Helper()
	if os.Getenv("LIFEGUARD_SOAK") == "" {
		t.Skip("takes minutes: run make soak")
	}
	text := os.Getenv("LIFEGUARD_SOAK_" + name)
	if text == "" {
		return whole
	}
	size, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("LIFEGUARD_SOAK_%s: %v", name, err)
	}
	return size
}
