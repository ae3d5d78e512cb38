package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// DeclareRequirements tells the ResourceManager how many slots a job needs in all (fenced). It is repeated
// whenever the number changes, and 0 gives all back.
type DeclareRequirements struct {
	Job       id.Job
	JobMaster mailbox.Addr
	Token     id.Token // of the JobMaster
	Slots     int
}

// NotEnoughResources tells a JobMaster that its requirements cannot be met by the slots that are there.
type NotEnoughResources struct {
	Job          id.Job
	Have, Needed int
}

// RequestSlot asks a TaskManager to give a slot to a job. It is accepted only from the ResourceManager that
// the TaskManager is registered with (Token), and only if the slot is free or has that Allocation already.
type RequestSlot struct {
	Token      id.Token // of the ResourceManager
	Slot       int
	Job        id.Job
	Allocation id.Allocation
	JobMaster  mailbox.Addr
	JobToken   id.Token // of the JobMaster
}

// SlotRequested answers. Refused is empty, or the reason; then Owner says who has the slot, if anyone.
type SlotRequested struct {
	Slot       int
	Allocation id.Allocation
	Refused    string
	Owner      Slot
}

// OfferSlots offers allocated slots to the JobMaster they were allocated for (fenced). It is repeated until
// answered, so it must be idempotent.
type OfferSlots struct {
	Job         id.Job
	TaskManager mailbox.Addr
	Slots       []Slot
}

// SlotsAccepted answers; offered slots that are not in it are given back.
type SlotsAccepted struct {
	Job      id.Job
	Token    id.Token // of the JobMaster
	Offered  []id.Allocation
	Accepted []id.Allocation
}

// FreeSlot tells a TaskManager that the job does not need the slot any more.
type FreeSlot struct {
	Allocation id.Allocation
	Cause      string
}

// SlotAvailable tells the ResourceManager that a slot has become free (fenced).
type SlotAvailable struct {
	TaskManager mailbox.Addr
	Instance    id.Instance
	Slot        int
	Allocation  id.Allocation
}
