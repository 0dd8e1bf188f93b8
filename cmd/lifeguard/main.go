// Command lifeguard is a terminal console for service-account API keys, and
// the authority behind it.
package main

import (
	"context"
	"os"

	"github.com/lifeguard-keys/lifeguard/cmd/lifeguard/inherited"
)

func main() {
	ctx := notify(context.Background())
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, inherited.Environment()))
}
