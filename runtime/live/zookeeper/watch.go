package zookeeper

import "context"

// Await returns when a key has changed or gone since the version that the asker knows.
func (e *ensemble) Await(ctx context.Context, prefix string, after uint64) error {
	for keys := -1; ; { // not looked yet
		rings := e.bell.next() // before the look, so that what comes after it is heard
		looking, cancel := context.WithTimeout(ctx, e.cfg.Patience)
		v, err := e.look(looking, e.prefixed(prefix))
		cancel()
		if err != nil {
			return err
		}
		// While one waits no key goes unnoticed, even if the ledger has forgotten it: then there are fewer.
		if v.news(prefix, after) || keys > len(v.keys) {
			return nil
		}
		keys = len(v.keys)
		select {
		case <-rings:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
