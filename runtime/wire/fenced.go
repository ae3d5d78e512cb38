package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Fenced is a call to a fenced endpoint, with the token that the caller believes in. An endpoint with
// another token, or none, refuses it without any effect and answers FencingRefused.
type Fenced struct {
	Token id.Token
	M     mailbox.Msg
}

// FencingRefused is the answer to a call with the wrong token.
type FencingRefused struct {
	Called string // the word of the message refused
	Token  id.Token
}
