package statfields

import (
	"io/fs"
	"syscall"
	"time"
)

// AccessTime is the time of the last read of a file.
func AccessTime(info fs.FileInfo) time.Time {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(stat.Atim.Unix())
	}
	return info.ModTime()
}
