package jobmanager

import "slices"

// The statuses of a job, by Flink's names. FINISHED, CANCELED and FAILED are for good; SUSPENDED is the end
// only of this JobMaster's part.
const (
	statusInitializing = "INITIALIZING"
	statusCreated      = "CREATED"
	statusRunning      = "RUNNING"
	statusRestarting   = "RESTARTING"
	statusFailing      = "FAILING"
	statusCancelling   = "CANCELLING"
	statusFailed       = "FAILED"
	statusCanceled     = "CANCELED"
	statusFinished     = "FINISHED"
	statusSuspended    = "SUSPENDED"
)

var statusMoves = map[string][]string{
	"":                 {statusInitializing},
	statusInitializing: {statusCreated, statusFailed, statusCanceled, statusSuspended},
	statusCreated:      {statusRunning, statusRestarting, statusFailing, statusCancelling, statusSuspended},
	statusRunning:      {statusRestarting, statusFailing, statusCancelling, statusFinished, statusSuspended},
	statusRestarting:   {statusRunning, statusFailing, statusCancelling, statusSuspended},
	statusFailing:      {statusFailed, statusSuspended},
	statusCancelling:   {statusCanceled, statusSuspended},
}

func mayBecome(from, to string) bool { return slices.Contains(statusMoves[from], to) }
