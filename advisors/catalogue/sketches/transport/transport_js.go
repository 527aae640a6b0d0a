package transport

import "net/http"

// With Dial, DialContext, DialTLS or DialTLSContext set, an http.Transport does not use fetch (net/http,
// roundtrip_js.go): here none is.
func transport() http.RoundTripper { return &http.Transport{} }
