package main

import (
	"math/big"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

func main() {
	_, _, g1, g2 := bls12381.Generators()
	var twice bls12381.G1Affine
	twice.ScalarMultiplication(&g1, big.NewInt(2))
	got, err := bls12381.Pair([]bls12381.G1Affine{twice}, []bls12381.G2Affine{g2})
	if err != nil || got.IsZero() {
		panic(err)
	}
	println("ok")
}
