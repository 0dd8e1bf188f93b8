package sqlstore_test

import (
	"testing"

	"github.com/lifeguard-keys/lifeguard/server/sqlstore"
	"github.com/lifeguard-keys/lifeguard/server/sqlstore/postgrestest"
	"github.com/lifeguard-keys/lifeguard/server/storetest"
)

func TestPostgresContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		dsn := postgrestest.New(t)
		beside := postgrestest.Connect(t, dsn)
		store := openDSN(t, dsn, sqlstore.Options{})
		return storetest.Database{
			Store:   store,
			Waiting: store.Waiting,
			Events:  func(t *testing.T) []storetest.Recorded { return eventsOf(t, beside) },
			RefuseEvents: func(t *testing.T) {
				for _, statement := range []string{
					`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
					`CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()`,
				} {
					if _, err := beside.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
			},
		}
	})
}
