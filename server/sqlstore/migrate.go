package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// versionTable is where the migrator keeps what it has applied to a file.
const versionTable = goose.DefaultTablename

// newestVersion returns the version that the last migration makes.
func (d *dialect) newestVersion() (int64, error) {
	files, err := migrations.ReadDir(d.migrations)
	if err != nil {
		return 0, fmt.Errorf("read the schema's migrations: %w", err)
	}
	version, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		return 0, fmt.Errorf("read the schema's migrations: %w", err)
	}
	return version, nil
}

// migrate applies what is missing, each migration in a transaction of its own.
func (d *dialect) migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, d.migrations)
	if err != nil {
		return fmt.Errorf("read the schema's migrations: %w", err)
	}
	provider, err := goose.NewProvider(d.goose, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
		goose.WithTableName(d.versions))
	if err != nil {
		return fmt.Errorf("read the schema's migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}
