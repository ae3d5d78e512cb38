package kafka

import "github.com/flinch-dev/flinch/runtime/recordbatch"

// records returns the records that follow h, unpacked.
func (c *Cluster) records(h *recordbatch.Header, data []byte) ([]byte, error) {
	records := data[recordbatch.HeaderSize:h.Size]
	if h.Codec() == 0 {
		return records, nil
	}
	return c.cfg.Decompress(h.Codec(), records)
}
