package zookeeper

import "encoding/binary"

// jute reads ZooKeeper's encoding from the front. What is cut short panics: the requests are our own.
type jute struct{ rest []byte }

func (j *jute) take(n int) []byte {
	taken := j.rest[:n]
	j.rest = j.rest[n:]
	return taken
}

func (j *jute) int() int32   { return int32(binary.BigEndian.Uint32(j.take(4))) }
func (j *jute) long() int64  { return int64(binary.BigEndian.Uint64(j.take(8))) }
func (j *jute) flag() bool   { return j.take(1)[0] != 0 }
func (j *jute) text() string { return string(j.take(int(max(0, j.int())))) } // -1: null

func appendInt(p []byte, v int32) []byte  { return binary.BigEndian.AppendUint32(p, uint32(v)) }
func appendLong(p []byte, v int64) []byte { return binary.BigEndian.AppendUint64(p, uint64(v)) }

func appendFlag(p []byte, v bool) []byte {
	if v {
		return append(p, 1)
	}
	return append(p, 0)
}
