// Package gatewaytest is a bench for gateways to object stores: a process, the gateway in it, and somebody who asks.
//
//	test ── Put/Get/List/Remove/Ask ──▶ asker ──▶ "objectstore": the gateway under test
//	  ◀────────── Answer ───────────────┘               └──▶ Logs
package gatewaytest
