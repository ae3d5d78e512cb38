package state_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"testing"

	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/state"
	"github.com/flinch-dev/flinch/runtime/state/statetest"
)

var all = snapshot.Groups{First: 0, Last: 127}

func TestHeap(t *testing.T) { statetest.Run(t, state.NewHeap) }

func keys(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Append(nil, "customer-", i)
	}
	return all
}

func TestAKnownKeyCostsNoMemory(t *testing.T) {
	b := state.NewHeap(all, 128)
	k := keys(1000)
	for i := range k {
		statetest.Add(b, k[i], 0, state.Value{1, 1})
	}
	// After a snapshot each page is copied once, on the first write to it, and then it costs nothing again.
	for range 2 {
		at := 0
		row := make([]state.Change, 10)
		if n := testing.AllocsPerRun(500, func() {
			for i := range row {
				row[i] = state.Change{Key: k[at%1000], Value: state.Value{1, 1}}
				at++
			}
			b.Add(row)
		}); n != 0 {
			t.Errorf("adding to known keys allocates %v times", n)
		}
		b.Freeze()
		for i := range 2000 { // half of them new
			statetest.Add(b, fmt.Append(nil, "customer-", i), 0, state.Value{1, 1})
		}
	}
}

// In a live world the snapshot is written by another goroutine: run with -race.
func TestASnapshotIsReadWhileTheStateGoesOn(t *testing.T) {
	b := state.NewHeap(all, 128)
	k := keys(3000)
	for i := range 2000 {
		statetest.Add(b, k[i], 0, state.Value{1, 1})
	}
	frozen := b.Freeze()
	want := len(frozen.Bytes())
	var reader sync.WaitGroup
	reader.Go(func() {
		if n := len(frozen.Bytes()); n != want {
			t.Errorf("the file had %d bytes, and now has %d", want, n)
		}
	})
	for i := range 3000 {
		statetest.Add(b, k[i], 0, state.Value{1 << 40, 1})
	}
	reader.Wait()
}

func TestWhyAFileIsRefused(t *testing.T) {
	b := state.NewHeap(all, 128)
	statetest.Add(b, []byte("a"), 0, state.Value{1, 1})
	good := b.Freeze().Bytes()
	sealed := func(change func([]byte)) []byte {
		f := append([]byte(nil), good[:len(good)-4]...)
		change(f)
		return binary.BigEndian.AppendUint32(f, crc32.Checksum(f, crc32.MakeTable(crc32.Castagnoli)))
	}
	for complaint, file := range map[string][]byte{
		"it does not begin as one":  []byte("something else"),
		"its format is version 9":   sealed(func(f []byte) { f[4] = 9 }),
		"the bytes are damaged":     append([]byte("FLKS\x01"), make([]byte, 20)...),
		"its header makes no sense": sealed(func(f []byte) { f[7] = 1 }), // groups from 1, 128 of 128
		"this job has 128":          sealed(func(f []byte) { f[6] = 2 }),
		"stands in that of":         sealed(func(f []byte) { f[len(f)-4] = 'b' }),
		"is cut off":                sealed(func(f []byte) { f[len(f)-5] = 100 }),
	} {
		if err := state.NewHeap(all, 128).Restore(file); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("the complaint is %v; want %q in it", err, complaint)
		}
	}
}

// Whatever the bytes, with a right checksum too: an error or a state, never a panic.
func FuzzRestore(f *testing.F) {
	b := state.NewHeap(all, 128)
	for _, k := range keys(20) {
		statetest.Add(b, k, 0, state.Value{1, 1})
	}
	file := b.Freeze().Bytes()
	f.Add(file[:len(file)-4])
	f.Add([]byte("FLKS\x01\x80\x01\x00\x80\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = state.NewHeap(all, 128).Restore(data)
		_ = state.NewHeap(all, 128).Restore(binary.BigEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))))
	})
}

// BenchmarkAdd adds to keys in no order, which are made as they are needed: only the state is far away in memory.
// BenchmarkAdd adds to keys in no order, in rows. The keys are made as they are needed: only the state is far away in
// memory.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := state.NewHeap(all, 128)
			row := make([]state.Change, 100)
			for i := range row {
				row[i].Key = []byte("customer-0000000")
			}
			add := func(at, step int) {
				for i := range row {
					key, number := row[i].Key, (at+i*step)%n
					for d := len(key) - 1; key[d] != '-'; d, number = d-1, number/10 {
						key[d] = '0' + byte(number%10)
					}
					row[i].Value = state.Value{1, 1}
				}
				h.Add(row)
			}
			for at := 0; at < n; at += len(row) {
				add(at, 1)
			}
			b.ReportAllocs()
			const step = 7919
			for at := 0; b.Loop(); at += len(row) * step {
				add(at, step)
			}
			b.ReportMetric(float64(b.N*len(row))/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

func BenchmarkFreeze(b *testing.B) {
	h := state.NewHeap(all, 128)
	for _, k := range keys(100_000) {
		statetest.Add(h, k, 0, state.Value{1, 1})
	}
	for b.Loop() {
		h.Freeze()
	}
}

func BenchmarkBytes(b *testing.B) {
	h := state.NewHeap(all, 128)
	for _, k := range keys(100_000) {
		statetest.Add(h, k, 0, state.Value{1, 1})
	}
	s := h.Freeze()
	b.SetBytes(int64(len(s.Bytes())))
	for b.Loop() {
		s.Bytes()
	}
}

func BenchmarkRestore(b *testing.B) {
	h := state.NewHeap(all, 128)
	for _, k := range keys(100_000) {
		statetest.Add(h, k, 0, state.Value{1, 1})
	}
	file := h.Freeze().Bytes()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if err := state.NewHeap(all, 128).Restore(file); err != nil {
			b.Fatal(err)
		}
	}
}
