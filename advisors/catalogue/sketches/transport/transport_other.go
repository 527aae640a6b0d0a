//go:build !js && !wasip1

package transport

import (
	"net"
	"net/http"
	"time"
)

func transport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{DialContext: dialer.DialContext}
}
