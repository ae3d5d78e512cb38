package preview_test

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// What is written can be read, and what only version 6 has does not disturb the others.
func TestInitProducerIDGoesThroughTheWire(t *testing.T) {
	id := "orders-0-1"
	req := preview.NewInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis, req.ProducerID, req.ProducerEpoch = &id, 60000, 1007, 3
	req.Enable2PC, req.KeepPreparedTxn = true, true
	resp := preview.NewInitProducerIDResponse()
	resp.ProducerID, resp.ProducerEpoch, resp.OngoingTxnProducerID, resp.OngoingTxnProducerEpoch = 1007, 5, 1007, 4

	for version := int16(3); version <= 6; version++ {
		req.SetVersion(version)
		resp.SetVersion(version)
		wantReq, wantResp := kmsg.Request(req), kmsg.Response(resp)
		if version < 6 {
			wantReq, wantResp = &req.InitProducerIDRequest, &resp.InitProducerIDResponse
		}
		gotReq, gotResp := preview.RequestFor(22, version), preview.ResponseFor(22, version)
		gotReq.SetVersion(version)
		gotResp.SetVersion(version)
		if err := gotReq.ReadFrom(req.AppendTo(nil)); err != nil || !reflect.DeepEqual(gotReq, wantReq) {
			t.Errorf("v%d: the request is %+v, want %+v (%v)", version, gotReq, wantReq, err)
		}
		if err := gotResp.ReadFrom(resp.AppendTo(nil)); err != nil || !reflect.DeepEqual(gotResp, wantResp) {
			t.Errorf("v%d: the response is %+v, want %+v (%v)", version, gotResp, wantResp, err)
		}
	}
}

// Bytes that are cut off, or that promise more than they hold, are an error and no panic.
func TestInitProducerIDThatIsCutOffIsRefused(t *testing.T) {
	req := preview.NewInitProducerIDRequest()
	req.SetVersion(6)
	whole := req.AppendTo(nil)
	for n := range whole {
		got := preview.RequestFor(22, 6)
		got.SetVersion(6)
		if got.ReadFrom(whole[:n]) == nil {
			t.Errorf("the first %d of %d bytes are taken for a request", n, len(whole))
		}
	}
	bad := append(whole[:len(whole)-1], 0xff, 0xff, 0xff, 0xff, 0x0f) // so many tags
	got := preview.RequestFor(22, 6)
	got.SetVersion(6)
	if got.ReadFrom(bad) == nil {
		t.Error("four billion tags in no bytes are taken for a request")
	}
}
