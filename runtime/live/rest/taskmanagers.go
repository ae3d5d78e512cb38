package rest

import (
	"net/http"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// taskManager is a TaskManager as the ResourceManager knows it.
type taskManager struct {
	ID                     string   `json:"id"`
	Path                   string   `json:"path"`
	DataPort               int      `json:"dataPort"`
	JMXPort                int      `json:"jmxPort"`
	TimeSinceLastHeartbeat int64    `json:"timeSinceLastHeartbeat"` // a point in time, whatever its name says
	Slots                  int      `json:"slotsNumber"`
	FreeSlots              int      `json:"freeSlots"`
	TotalResource          resource `json:"totalResource"`
	FreeResource           resource `json:"freeResource"`
	Hardware               hardware `json:"hardware"`
	Blocked                bool     `json:"blocked"`
}

// resource and hardware are not known of a TaskManager, and Flink's word for that is -1.
type resource struct {
	CPUCores          float64            `json:"cpuCores"`
	TaskHeapMemory    int                `json:"taskHeapMemory"`
	TaskOffHeapMemory int                `json:"taskOffHeapMemory"`
	ManagedMemory     int                `json:"managedMemory"`
	NetworkMemory     int                `json:"networkMemory"`
	Extended          map[string]float64 `json:"extendedResources"`
}

type hardware struct {
	CPUCores       int   `json:"cpuCores"`
	PhysicalMemory int64 `json:"physicalMemory"`
	FreeMemory     int64 `json:"freeMemory"`
	ManagedMemory  int64 `json:"managedMemory"`
}

var unknownResource = resource{-1, -1, -1, -1, -1, map[string]float64{}}

func free(t wire.TaskManagerReport) int {
	n := 0
	for _, s := range t.Slots {
		if s.Allocation == "" {
			n++
		}
	}
	return n
}

func taskManagerOf(t wire.TaskManagerReport) taskManager {
	return taskManager{ID: string(t.TaskManager), Path: string(t.TaskManager), DataPort: -1, JMXPort: -1, TimeSinceLastHeartbeat: t.Heard,
		Slots: len(t.Slots), FreeSlots: free(t), TotalResource: unknownResource, FreeResource: unknownResource, Hardware: hardware{-1, -1, -1, -1}}
}

func (a *api) taskManagers(r *http.Request) (any, error) {
	reports, err := a.Cluster.TaskManagers(r.Context())
	all := []taskManager{}
	for _, t := range reports {
		all = append(all, taskManagerOf(t))
	}
	return struct {
		TaskManagers []taskManager `json:"taskmanagers"`
	}{all}, err
}

// taskManager is one TaskManager with its slots.
func (a *api) taskManager(r *http.Request) (any, error) {
	reports, err := a.Cluster.TaskManagers(r.Context())
	if err != nil {
		return nil, err
	}
	type slot struct {
		Job      id.Job   `json:"jobId"`
		Resource resource `json:"resource"`
	}
	name := r.PathValue("taskmanager")
	for _, t := range reports {
		if string(t.TaskManager) != name {
			continue
		}
		taken := []slot{}
		for _, s := range t.Slots {
			if s.Allocation != "" {
				taken = append(taken, slot{s.Job, unknownResource})
			}
		}
		return struct {
			taskManager
			Allocated []slot `json:"allocatedSlots"`
		}{taskManagerOf(t), taken}, nil
	}
	return nil, missing("TaskManager %s was not found: it is not registered with the leader", name)
}
