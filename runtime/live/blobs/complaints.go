package blobs

import (
	"log/slog"
	"time"
)

// repeatEvery is how often a kind of trouble is logged that does not end: whoever asks a store that is down asks again.
const repeatEvery = time.Minute

// trouble is why a request could not be served. Its kind is what there is to do about it.
type trouble struct {
	sentence error
	remedy   string
}

// complaints logs troubles, without a flood.
type complaints struct {
	log   *slog.Logger
	known map[string]*complaint // by remedy
}

// complaint is a kind of trouble that has been logged.
type complaint struct {
	at     time.Time // the last time
	unsaid int       // how often it has come since
}

// hear logs a trouble, if its kind has not been logged for a while; nil is none.
func (c *complaints) hear(now time.Time, t *trouble) {
	if t == nil {
		return
	}
	known := c.known[t.remedy]
	if known != nil && now.Sub(known.at) < repeatEvery {
		known.unsaid++
		return
	}
	said := []any{"cause", t.sentence}
	if known != nil && known.unsaid > 0 {
		said = append(said, "unsaid", known.unsaid)
	}
	c.log.Warn("the object store could not serve a request", said...)
	c.known[t.remedy] = &complaint{at: now}
}
