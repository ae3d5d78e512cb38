// Package reports turns one finished run, or a sweep of them, into what people and machines read.
//
//	checker.Run, []checker.Result, measure.* ──▶ Document ─┬─▶ Terminal    a few lines
//	                                                       ├─▶ SummaryOf   run.json (flinch/run/v1)
//	                                                       ├─▶ JUnit       junit.xml
//	                                                       ├─▶ RenderRun   report.html
//	                                                       └─▶ WriteRun    the whole folder of a run
//	[]Cell (each with the Summaries of its seeds) ─▶ Sweep ─▶ RenderSweep, WriteSweep
//
// Inside, a Document is read once into a story (story.go: processes, checkpoints, transactions, restarts and
// faults as spans of true time), and every section of the page is a pure function of the two. The pages carry
// their own style and script, ask nothing of the network, and can be read without the script.
//
// The package judges nothing: verdicts, counts and margins are handed to it. It knows no simulation.
package reports
