package tui

import (
	"slices"
	"sort"

	"github.com/lifeguard-keys/lifeguard/api"
)

// eventLog is a stretch of the audit log, newest event first. It grows at both
// ends without moving what it has; its events are never changed.
type eventLog struct {
	newer []*api.AuditEvent // that came after the first page, oldest first
	older []*api.AuditEvent // newest first
	next  string            // link to the page of what is older; "" at the end
	total int               // how many events there are, -1 unknown
}

func (l eventLog) length() int { return len(l.newer) + len(l.older) }

// at returns the event at a place: 0 is the newest.
func (l eventLog) at(place int) *api.AuditEvent {
	if place < len(l.newer) {
		return l.newer[len(l.newer)-1-place]
	}
	return l.older[place-len(l.newer)]
}

// newest returns the sequence of the newest event, 0 when there is none.
func (l eventLog) newest() int64 {
	if l.length() == 0 {
		return 0
	}
	return l.at(0).Sequence
}

// place returns where the event of a sequence stands, or else the next older.
func (l eventLog) place(sequence int64) int {
	return sort.Search(l.length(), func(i int) bool { return l.at(i).Sequence <= sequence })
}

// filtered is the part of a log that meets a condition, nil for all of it.
func (l eventLog) filtered(meets func(*api.AuditEvent) bool) eventLog {
	if meets == nil {
		return l
	}
	return eventLog{newer: those(l.newer, meets), older: those(l.older, meets), total: -1}
}

func those(events []*api.AuditEvent, meets func(*api.AuditEvent) bool) []*api.AuditEvent {
	if meets == nil {
		return events
	}
	var met []*api.AuditEvent
	for _, event := range events {
		if meets(event) {
			met = append(met, event)
		}
	}
	return met
}

// addOlder and addNewer add events at the ends, in the order of the slices.
func (l *eventLog) addOlder(events []*api.AuditEvent) {
	l.older = append(slices.Clip(l.older), events...)
}

func (l *eventLog) addNewer(events []*api.AuditEvent) {
	l.newer = append(slices.Clip(l.newer), events...)
}

// renew takes the newest page in, newest event first. What is known already
// stays when the page goes on from it, and news are what is new, oldest first.
// Else the page takes its place, because the log went on without us or is
// another one, and joined is false.
func (l *eventLog) renew(list api.AuditEventList) (news []*api.AuditEvent, joined bool) {
	page := pointers(list.AuditEvents)
	known := slices.IndexFunc(page, func(event *api.AuditEvent) bool { return event.Sequence <= l.newest() })
	joined = l.length() > 0 && known >= 0 && page[known].Sequence == l.newest() && page[known].ID == l.at(0).ID
	if !joined {
		*l = eventLog{older: page, next: list.Links.Next, total: -1}
		l.count(list)
		return nil, false
	}
	news = page[:known]
	slices.Reverse(news)
	l.addNewer(news)
	l.count(list)
	return news, true
}

func (l *eventLog) count(list api.AuditEventList) {
	if list.Total != nil {
		l.total = *list.Total
	}
}

func pointers(events []api.AuditEvent) []*api.AuditEvent {
	list := make([]*api.AuditEvent, len(events))
	for i := range events {
		list[i] = &events[i]
	}
	return list
}
