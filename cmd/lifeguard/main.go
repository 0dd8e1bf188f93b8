// Command lifeguard is a terminal console for service-account API keys, and
// the authority behind it.
package main

import (
	"context"
	"os"
)

func main() {
	ctx := notify(context.Background())
	env := takeEnvironment()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, env))
}
