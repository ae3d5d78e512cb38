package recordbatch

// WellFormed says whether the records that follow h are as many as it announces, at one offset after the other. It
// reads what Reader does, and keeps nothing. Every record that is produced passes here, so numbers of one byte,
// which most are, are read in place: that makes it twice as fast.
func (h *Header) WellFormed(records []byte) bool {
	at := 0
	for n := range int64(h.Count) {
		size, begin := varint(records, at)
		if begin < 0 || size < 1 || size > int64(len(records)-begin) {
			return false
		}
		end := begin + int(size)
		d := records[:end]
		if at = begin + 1; at < end && d[at] < 0x80 { // behind the attributes
			at++
		} else {
			_, at = longVarint(d, at)
		}
		var delta int64
		if delta, at = varint(d, at); delta != n {
			return false
		}
		for range 2 { // key and value: null is 1, and a length n is 2n
			switch {
			case uint(at) >= uint(end) || d[at] >= 0x80:
				_, at = field(d, at)
			case d[at] == 1:
				at++
			case d[at]&1 == 0:
				at += 1 + int(d[at]>>1)
			default:
				return false
			}
		}
		if at == end-1 && d[at] == 0 { // no headers
			at = end
		} else if _, at = originOf(d, at); at != end {
			return false
		}
	}
	return at == len(records)
}
