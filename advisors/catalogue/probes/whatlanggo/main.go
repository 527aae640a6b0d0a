package main

import (
	"github.com/abadojack/whatlanggo"
)

func main() {
	if got := whatlanggo.DetectLang("Der schnelle braune Fuchs springt über den faulen Hund"); got != whatlanggo.Deu {
		panic(got)
	}
	println("ok")
}
