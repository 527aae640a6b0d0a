package callback

import (
	"os"
	"syscall/js"
)

// ReadFile is a function for JavaScript: a promise of the text of a file.
//
// A callback holds the event loop, which what it waits for needs: so it only starts a goroutine, and returns.
var ReadFile = js.FuncOf(func(_ js.Value, args []js.Value) any {
	name := args[0].String()
	work := js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve, reject := args[0], args[1]
		go func() {
			text, err := os.ReadFile(name)
			if err != nil {
				reject.Invoke(js.Global().Get("Error").New(err.Error()))
				return
			}
			resolve.Invoke(string(text))
		}()
		return nil
	})
	// The promise has called it before its constructor returns.
	defer work.Release()
	return js.Global().Get("Promise").New(work)
})
