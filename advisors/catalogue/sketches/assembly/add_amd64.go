package assembly

// Add is written in assembly, in add_amd64.s.
func Add(a, b int64) int64
