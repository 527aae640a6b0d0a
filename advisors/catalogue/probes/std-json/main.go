package main

import (
	"encoding/json"
)

func main() {
	var got struct{ N int }
	if err := json.Unmarshal([]byte(`{"n": 42}`), &got); err != nil || got.N != 42 {
		panic(err)
	}
	println("ok")
}
