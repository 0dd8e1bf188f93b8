package tui

import (
	"github.com/lifeguard-keys/lifeguard/api"
	"github.com/lifeguard-keys/lifeguard/seal"
)

// action is what a dialog or a page asks of the console. It is a closed set: the
// console carries out each of them in one place, perform.
type action interface{ isAction() }

type (
	// closeDialog takes the top dialog away.
	closeDialog struct{}
	// openDialog puts a dialog on top.
	openDialog struct{ dialog dialog }
	// showAccount goes to a service account on its page.
	showAccount struct{ account api.Ref }
	// showTeam goes to the service accounts of a team.
	showTeam struct{ team api.Team }
	// teamMade closes the form of a team that exists now.
	teamMade struct{ team api.Team }
	// closeTeamForm closes the form; when an answer was lost, the team may exist.
	closeTeamForm struct{ lost bool }
	// seekKey looks for the owner of a whole key that was typed, as if pasted.
	seekKey struct{ key string }
	// runCommand does what a command of the palette says.
	runCommand struct{ name string }
	// say tells in the status line what happened.
	say struct {
		kind toastKind
		text string
	}
	// loadFailing says that a page could not be loaded, which is more urgent than
	// what went well before.
	loadFailing struct{ err *api.Error }
	// keyRefused asks for another key, unless that is being asked already.
	keyRefused struct{ err *api.Error }
	// loadSides loads the caller and the teams again.
	loadSides struct{}
	// quitProgram ends the program.
	quitProgram struct{}
	// createAccount sends a create; the same key for every retry of it.
	createAccount struct {
		request        api.CreateServiceAccount
		idempotencyKey string
		sealTo         seal.Recipients // nil for a key that is shown
	}
	// abandonCreate closes the form although the fate of its create is unknown.
	abandonCreate struct{}
	// deleteAccount ends an account, named by its id.
	deleteAccount struct{ id string }
	// deleteAccounts ends several, named by their ids.
	deleteAccounts struct{ ids []string }
	// bulkStep takes an account away that is gone, and does what comes then.
	bulkStep struct {
		gone string // id, or ""
		then action // or nil
	}
	// bulkEnded closes the dialog of many accounts that are all gone.
	bulkEnded struct{ deleted, gone int }
	// abandonDelete closes the dialog although the fate of its deletion is
	// unknown.
	abandonDelete struct{ name string }
	// deletionDone closes the dialog of an account that is gone.
	deletionDone struct {
		account api.ServiceAccount
		already bool
	}
	// copySecret sends a key to the clipboard.
	copySecret struct {
		account string
		secret  api.Secret
	}
	// writeSecret writes a key to a file of its own.
	writeSecret struct {
		account string
		secret  api.Secret
		path    string
	}
	// discardSecret closes the key's screen and forgets the key.
	discardSecret struct {
		secret  api.Secret
		account api.ServiceAccount
		kept    bool // the person has the key
	}
	// signIn tries another key.
	signIn struct {
		try string
		key api.Secret
	}
	// checkAccount looks an account up afresh.
	checkAccount struct{ id string }
	// askForKey opens the sign-in dialog over the one that asks.
	askForKey struct{ err *api.Error }
	// retryWithOldKey closes the sign-in dialog and tries the same key again.
	retryWithOldKey struct{}
)

func (closeDialog) isAction()     {}
func (openDialog) isAction()      {}
func (showAccount) isAction()     {}
func (showTeam) isAction()        {}
func (teamMade) isAction()        {}
func (closeTeamForm) isAction()   {}
func (seekKey) isAction()         {}
func (runCommand) isAction()      {}
func (say) isAction()             {}
func (loadFailing) isAction()     {}
func (keyRefused) isAction()      {}
func (loadSides) isAction()       {}
func (quitProgram) isAction()     {}
func (createAccount) isAction()   {}
func (abandonCreate) isAction()   {}
func (deleteAccount) isAction()   {}
func (deleteAccounts) isAction()  {}
func (bulkStep) isAction()        {}
func (bulkEnded) isAction()       {}
func (abandonDelete) isAction()   {}
func (deletionDone) isAction()    {}
func (copySecret) isAction()      {}
func (writeSecret) isAction()     {}
func (discardSecret) isAction()   {}
func (signIn) isAction()          {}
func (askForKey) isAction()       {}
func (checkAccount) isAction()    {}
func (retryWithOldKey) isAction() {}
