//go:build !linux

package statfields

import (
	"io/fs"
	"time"
)

// AccessTime is the time of the last change: the fields of syscall.Stat_t differ from platform to platform, and those
// of [fs.FileInfo] do not.
func AccessTime(info fs.FileInfo) time.Time { return info.ModTime() }
