package sqlstore

import (
	"database/sql"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// micros is a time as it is kept: whole microseconds since 1970, UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }

func microsOrNull(t *time.Time) sql.NullInt64 {
	if t == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: micros(*t), Valid: true}
}

func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

func timeOrNil(micros sql.NullInt64) *time.Time {
	if !micros.Valid {
		return nil
	}
	t := timeOf(micros.Int64)
	return &t
}

func textOrNull(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// fold makes texts that differ only in case equal: composed (NFC) and with
// Unicode's full case folding, so STRASSE finds Straße and Ä finds ä. Accents
// stay: a does not find ä.
func fold(text string) string {
	if plain(text) {
		return text
	}
	return cases.Fold().String(norm.NFC.String(text))
}

// plain reports ASCII without capitals, which folding does not change.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || ('A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// foldedOrNull is the folded name where it differs from the name.
func foldedOrNull(name string) sql.NullString {
	folded := fold(name)
	return sql.NullString{String: folded, Valid: folded != name}
}
