package tui

// NoticeMsg is a sentence from outside for whoever sits at the console. Send it
// with the program's Send.
type NoticeMsg string

// Undelivered are the new keys of which a console that has ended does not know
// that they arrived: those that were on the screen, by their accounts, and those
// of creates that were not answered, by their Idempotency-Keys.
func (m Model) Undelivered() (accountIDs, creates []string) {
	for _, s := range m.dialogs {
		switch d := s.dialog.(type) {
		case keyDialog:
			if !d.delivered {
				accountIDs = append(accountIDs, d.created.ServiceAccount.ID)
			}
		case createDialog:
			if d.making() || d.lost {
				creates = append(creates, d.idempotencyKey)
			}
		}
	}
	return accountIDs, creates
}
