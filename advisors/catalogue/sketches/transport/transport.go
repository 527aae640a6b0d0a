package transport

import "net/http"

// Client makes the requests of the program.
var Client = &http.Client{Transport: transport()}
