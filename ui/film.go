package ui

import (
	"strconv"
	"time"
)

// pace is how many epochs the film shows in a second, unless something else is chosen.
const pace = 3

// Pace is that number as it stands.
func (l *Lab) Pace() string { return strconv.Itoa(l.pace) }

// SetPace sets how many epochs the film shows in a second.
func (l *Lab) SetPace(text string) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		l.pace = n
	}
}

// Still is how long the film shows an epoch.
func (l *Lab) Still() time.Duration { return time.Second / time.Duration(l.pace) }

// Plays says whether the run in focus has epochs that a film can show.
func (l *Lab) Plays() bool { return len(l.Run().Epochs) > 1 && !l.Run().Running }

// film starts or pauses the film over the epochs, from its beginning if it was at its end.
func (l *Lab) film() {
	if l.Film = !l.Film && l.Plays(); l.Film && (l.Epoch < 0 || l.Epoch >= len(l.Run().Epochs)-1) {
		l.Epoch = 0
	}
	l.Panel = forming // where it is to be seen
}

// Frame shows the film's next epoch, of all runs at once; it says whether the film goes on.
func (l *Lab) Frame() bool {
	last := 0
	for _, r := range l.Runs {
		last = max(last, len(r.Epochs)-1)
	}
	if !l.Film || !l.Plays() || l.Epoch < 0 {
		l.Film = false
		return false
	}
	l.Epoch = min(l.Epoch+1, last)
	l.Film = l.Epoch < last
	l.turns++
	return l.Film
}
