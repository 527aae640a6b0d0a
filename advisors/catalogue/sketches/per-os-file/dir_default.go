//go:build !windows && !darwin

package dirs

// Shared is where programs keep what all users share. The constraint names what has a file of its own, and leaves no
// platform without one: neither js, nor wasip1, nor the next.
const Shared = "/usr/share"
