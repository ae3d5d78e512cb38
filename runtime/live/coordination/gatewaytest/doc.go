// Package gatewaytest is a bench for gateways to coordination services: a process, the gateway in it, and those who ask.
//
//	test ── Ask, Hears ──▶ askers "ha/jm-0", "ha/jm-1" ──▶ "ha": the gateway under test ──▶ its service
//	  ◀── Answer, Next ──────────┘
//
// What is the same story on every service is told here: Elects, SharesSessions, ForgetsThePast, UnderWay and Quiet.
package gatewaytest
