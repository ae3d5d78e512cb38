package protocol

// TransactionVersion is the cluster feature transaction.version.
type TransactionVersion int8

// The transaction versions. The zero value is what new clusters have.
const (
	DefaultTV TransactionVersion = iota
	TV0
	TV1
	TV2
)

// Level is the feature's own number.
func (v TransactionVersion) Level() int16 {
	if v == DefaultTV {
		v = TV2
	}
	return int16(v - TV0)
}
