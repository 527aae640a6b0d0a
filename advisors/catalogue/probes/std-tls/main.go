package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
)

func main() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"a"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	ours, theirs := net.Pipe()
	certificate := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	go tls.Server(ours, &tls.Config{Certificates: []tls.Certificate{certificate}}).Handshake()
	if err := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true}).Handshake(); err != nil {
		panic(err)
	}
	println("ok")
}
