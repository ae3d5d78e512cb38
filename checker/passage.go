package checker

import "time"

// Unknown stands for a time that is not known, or has not come.
const Unknown time.Duration = -1

// Passage follows every source record to the sink and back: what lag, latency and reprocessing are made of.
// Records that the job filters out, or whose window is not due, leave no trace and are not in it.
type Passage struct {
	// By source record, in no particular order.
	Appended []time.Duration // when it was there to be read
	Consumed []time.Duration // when its first output was written, whatever became of it; or Unknown

	// By output record, in the order of Run.Output.
	Born  []time.Duration // when the newest source record that it stands for was appended; or Unknown
	Again []bool          // its source record had been through before
}

// Follow computes the passage of a run. The error says why its records cannot be followed.
func Follow(run *Run) (*Passage, error) {
	t, err := interpret(run.Pipeline)
	if err != nil {
		return nil, err
	}
	p := &Passage{Born: make([]time.Duration, len(run.Output)), Again: make([]bool, len(run.Output))}
	if t.shape == windowed {
		p.followWindows(run, t)
		return p, nil
	}
	index, err := indexed(run)
	if err != nil {
		return nil, err
	}
	first := make([]time.Duration, index.Total)
	for i := range first {
		first[i] = Unknown
	}
	seen := make([]uint8, index.Total)
	for i := range run.Output {
		out := &run.Output[i]
		n, in := index.Find(out.Origin)
		if n < 0 {
			p.Born[i] = Unknown
			continue
		}
		p.Born[i] = in.Appended
		if first[n] == Unknown || out.Appended < first[n] {
			first[n] = out.Appended
		}
		if seen[n] >= uint8(t.copies(in.Value)) {
			p.Again[i] = true
		} else {
			seen[n]++
		}
	}
	for _, log := range run.Input {
		part := &index.parts[log.Partition]
		for i := range log.Records {
			if t.copies(log.Records[i].Value) > 0 {
				p.Appended = append(p.Appended, log.Records[i].Appended)
				p.Consumed = append(p.Consumed, first[part.start+i])
			}
		}
	}
	return p, nil
}

// followWindows takes a window's output for the output of all its records.
func (p *Passage) followWindows(run *Run, t *topology) {
	all, at := windowsOf(run, t)
	first := make([]time.Duration, len(all))
	for i := range first {
		first[i] = Unknown
	}
	for i := range run.Output {
		out := &run.Output[i]
		n, known := at[windowKey{out.Key, out.Time}]
		if !known {
			p.Born[i] = Unknown
			continue
		}
		p.Born[i] = all[n].last
		p.Again[i] = first[n] != Unknown
		if first[n] == Unknown || out.Appended < first[n] {
			first[n] = out.Appended
		}
	}
	for _, log := range run.Input {
		for i := range log.Records {
			in := &log.Records[i]
			n, known := at[windowKey{in.Key, windowEnd(in.Time, t.after[0].Window)}]
			if known && all[n].due && all[n].certain() && t.copies(in.Value) > 0 {
				p.Appended = append(p.Appended, in.Appended)
				p.Consumed = append(p.Consumed, first[n])
			}
		}
	}
}
