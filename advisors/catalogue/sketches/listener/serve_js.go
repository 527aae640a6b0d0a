package listener

import (
	"net/http"
	"net/http/httptest"
	"syscall/js"
)

// Serve answers the requests that JavaScript passes: await goHandle("GET", "/path"), in a service worker or under Node.
func Serve(handler http.Handler) error {
	js.Global().Set("goHandle", js.FuncOf(func(_ js.Value, args []js.Value) any {
		request := httptest.NewRequest(args[0].String(), args[1].String(), nil)
		answer := js.FuncOf(func(_ js.Value, args []js.Value) any {
			resolve := args[0]
			go func() {
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				resolve.Invoke(recorder.Body.String())
			}()
			return nil
		})
		defer answer.Release()
		return js.Global().Get("Promise").New(answer)
	}))
	select {}
}
