package signals

import (
	"os"
	"os/signal"
)

// OnReload calls a function whenever the user asks the program to read its configuration again.
func OnReload(do func()) {
	// Without a signal, Notify would take them all.
	if len(reload) == 0 {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, reload...)
	go func() {
		for range asked {
			do()
		}
	}()
}
