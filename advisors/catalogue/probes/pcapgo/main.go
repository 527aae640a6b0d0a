package main

import (
	"bytes"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

func main() {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		panic(err)
	}
	info := gopacket.CaptureInfo{Timestamp: time.Unix(1, 0), CaptureLength: 4, Length: 4}
	if err := w.WritePacket(info, []byte("data")); err != nil {
		panic(err)
	}
	r, err := pcapgo.NewReader(&b)
	if err != nil {
		panic(err)
	}
	data, _, err := r.ReadPacketData()
	if err != nil || string(data) != "data" {
		panic(err)
	}
	println("ok")
}
