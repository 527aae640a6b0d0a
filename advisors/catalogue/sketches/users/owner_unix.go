//go:build unix

package users

import (
	"io/fs"
	"os"
	"syscall"
)

// IsMine says whether a file belongs to the user of the process, and whether that is known.
func IsMine(info fs.FileInfo) (mine, known bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) == os.Getuid(), known
}
