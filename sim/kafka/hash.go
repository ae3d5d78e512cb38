package kafka

// TxnPartitionOf is the partition of the transaction log that a transactional id belongs to: abs of Java's
// String.hashCode, which goes over UTF-16 units, mod 50.
func TxnPartitionOf(id string) int {
	var h int32
	for _, r := range id {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + (0xd800 + r>>10)
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + r
	}
	if h == -1<<31 {
		return 0
	}
	return int(max(h, -h)) % txnPartitions
}
