package rest

import (
	"net/http"
	"strings"

	"github.com/flinch-dev/flinch/runtime/config"
)

// configuration is this process's: what is in force, as it was written.
func (a *api) configuration(*http.Request) (any, error) {
	type entry struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	all := []entry{}
	for _, row := range config.Effective(a.Flink) {
		all = append(all, entry{row.Key, shown(row.Key, row.Value)})
	}
	return all, nil
}

// secret are parts of the keys whose values Flink does not show.
var secret = []string{"password", "secret", "account.key", "apikey", "api-key", "auth-params", "service-key", "token", "basic-auth", "jaas.config", "http-headers"}

// shown is a value as it may be shown.
func shown(key, value string) string {
	for _, part := range secret {
		if strings.Contains(strings.ToLower(key), part) {
			return "******"
		}
	}
	return value
}
