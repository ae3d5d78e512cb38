package rest

import (
	"net/http"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// streaming is the only type of job.
const streaming = "STREAMING"

// jobPlan is the graph of a job's vertices.
type jobPlan struct {
	ID    id.Job `json:"jid"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Nodes []node `json:"nodes"`
}

type node struct {
	ID          id.Vertex      `json:"id"`
	Parallelism int            `json:"parallelism"`
	Operator    string         `json:"operator"`
	Strategy    string         `json:"operator_strategy"`
	Description string         `json:"description"`
	Inputs      []input        `json:"inputs,omitempty"`
	Optimizer   map[string]int `json:"optimizer_properties"` // empty: nothing is optimised
}

type input struct {
	Num      int       `json:"num"`
	ID       id.Vertex `json:"id"`
	Ship     string    `json:"ship_strategy"`
	Exchange string    `json:"exchange"`
}

func (a *api) jobPlan(r *http.Request) (any, error) {
	report, err := a.asked(r)
	return struct {
		Plan jobPlan `json:"plan"`
	}{planOf(report.Plan)}, err
}

func planOf(job plan.Job) jobPlan {
	p := jobPlan{ID: job.ID, Name: job.Name, Type: streaming, Nodes: []node{}}
	for _, v := range job.Vertices {
		n := node{ID: v.ID, Parallelism: v.Parallelism, Description: plan.ChainName(v.Chain), Optimizer: map[string]int{}}
		for i, e := range job.Inputs(v.ID) {
			n.Inputs = append(n.Inputs, input{i, e.From, string(e.Partitioner), "pipelined_bounded"})
		}
		p.Nodes = append(p.Nodes, n)
	}
	return p
}
