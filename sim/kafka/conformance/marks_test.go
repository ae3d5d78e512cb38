package conformance_test

import "github.com/flinch-dev/flinch/sim/kafka/conformance"

// kfakeDeviates is where kfake v0.0.0-20260918054303-01f206a7e32c answers otherwise than Kafka does.
var kfakeDeviates = []conformance.Mark{
	{Case: "A4", Reason: "it does not recognise the retry of an init, and bumps again"},
	{Case: "A5", Reason: "a fenced zombie that names its pair is given the next epoch, and lives again"},
	{Case: "A6", Reason: "it takes whatever pair is named"},
	{Case: "A7", Reason: "it takes a pair that it gave to another id for a fenced one"},
	{Case: "A8", Reason: "it takes half a pair"},
	{Case: "A12", Reason: "it aborts at once, without a bump of its own"},
	{Case: "A13", Reason: "as A12: the pair of before is one epoch old, which is a retry"},
	{Case: "A14", Reason: "as A4"},
	{Case: "A15", Reason: "as A5"},
	{Case: "A16", Reason: "it forgets the producer id that it replaces"},
	{Case: "A17", Reason: "as A16"},
	{Case: "A19", Reason: "as A12"},
	{Case: "A20", Reason: "as A12 and A16"},
	{Case: "B6", Reason: "it looks at the producer id only, and begins a transaction of the other id"},
	{Case: "B7", Reason: "it has one word for fenced, in every version"},
	{Case: "B9", Reason: "it does not read requests for several transactions"},
	{Case: "C2", Reason: "it has one word for what was not added, in every version"},
	{Case: "C4", Reason: "it adds the partition before it looks at the epoch: a ghost of a transaction"},
	{Case: "C5", Reason: "as C4: the ghost times out, and the living producer is fenced"},
	{Case: "C6", Reason: "it takes an epoch from the future over"},
	{Case: "C7", Reason: "it does not ask for the transactional id"},
	{Case: "C8", Reason: "it does not look whose producer id it is"},
	{Case: "C9", Reason: "as C8"},
	{Case: "C10", Reason: "it does not look for a second producer"},
	{Case: "C12", Reason: "an open transaction closes every partition to other batches of its producer"},
	{Case: "C14", Reason: "as C4"},
	{Case: "C15", Reason: "as C2"},
	{Case: "C21", Reason: "it does not count the records of a batch"},
	{Case: "D9", Reason: "any first sequence will do in a transaction"},
	{Case: "D10", Reason: "it wraps sequences one too early"},
	{Case: "D11", Reason: "as D10"},
	{Case: "E4", Reason: "a commit of nothing after a commit is a success, with producer id -1"},
	{Case: "E7", Reason: "as E4"},
	{Case: "E9", Reason: "an abort of nothing is a success for old clients, too"},
	{Case: "E17", Reason: "it looks at the producer id only"},
	{Case: "E18", Reason: "as E17: it ends the transaction of another id"},
	{Case: "E19", Reason: "it looks for the coordinator of the empty id"},
	{Case: "E20", Reason: "as B7"},
	{Case: "E22", Reason: "the marker of a new client has the epoch of before the end"},
	{Case: "E26", Reason: "as A16 and E22"},
	{Case: "F1", Reason: "as I1"},
	{Case: "F6", Reason: "its main loop spins for ever", Fatal: true},
	{Case: "F8", Reason: "an id that comes back has its former producer id, and the zombie may write"},
	{Case: "F9", Reason: "as A4, and as C2"},
	{Case: "F10", Reason: "as A4"},
	{Case: "G13", Reason: "it takes markers with any epoch"},
	{Case: "G14", Reason: "it has no coordinator epochs"},
	{Case: "H2", Reason: "as C2"},
	{Case: "H4", Reason: "one pending position makes all of the group unstable"},
	{Case: "H5", Reason: "a group with nothing but pending positions is not there"},
	{Case: "H6", Reason: "a transaction's position replaces a later one"},
	{Case: "H7", Reason: "as H5: and a group without a member or a position neither"},
	{Case: "H12", Reason: "as H5"},
	{Case: "I1", Reason: "a transaction that is over is Empty"},
	{Case: "I3", Reason: "every broker lists all transactions"},
	{Case: "I4", Reason: "as I3, and unknown states are not named"},
	{Case: "I5", Reason: "as I3, and a pattern matches a part of the id"},
	{Case: "I6", Reason: "it describes producers with an open transaction only"},
	{Case: "I7", Reason: "as I3"},
	{Case: "I9", Reason: "it describes a producer that was added and has not written"},
	{Case: "J9", Reason: "as A13"},
	{Case: "J11", Reason: "as A4"},
	{Case: "K4", Reason: "it does not advertise produce versions that it does not have"},
	{Case: "K11", Reason: "it has no replicas to fetch from"},
}

// apacheDiffers is where a real cluster does what the cases do not say: nowhere, or the cases are wrong.
var apacheDiffers []conformance.Mark

// modelDiffers is where the model in virtual time does, and servedDiffers where it does when it is served.
var (
	modelDiffers = []conformance.Mark{
		{Case: "K11", Reason: "its followers have no log of their own, and none of the clients here has a rack to prefer one"},
	}
	servedDiffers = modelDiffers
)
