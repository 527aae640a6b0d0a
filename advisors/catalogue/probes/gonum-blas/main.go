package main

import (
	"gonum.org/v1/gonum/blas/gonum"
)

func main() {
	if got := (gonum.Implementation{}).Ddot(2, []float64{1, 2}, 1, []float64{3, 4}, 1); got != 11 {
		panic(got)
	}
	println("ok")
}
