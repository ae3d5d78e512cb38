// Package config knows every Flink configuration key that this runtime acts on.
//
//	flinkConfiguration (verbatim keys) ──Parse──▶ Config (typed), warnings, or every complaint at once
//	                                      │
//	                         keys.go: one entry per key: type, default, former names, what it does
//	                                      │
//	                       Keys (documentation) · Effective (reports: what was in force)
//
// Values have Flink's own syntax: "10 s", "1 min", "PT10S", "20 kb", "exactly_once". A former name of a key
// still works and is warned about. A key that is not known is kept and warned about, never dropped
// silently; so is one that Flink has but this runtime does nothing with, once its value matters.
package config
