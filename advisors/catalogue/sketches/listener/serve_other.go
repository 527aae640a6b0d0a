//go:build !js && !wasip1

package listener

import "net/http"

// Serve answers requests.
func Serve(handler http.Handler) error { return http.ListenAndServe(":8080", handler) }
