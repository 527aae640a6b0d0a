// A guest that leaves as much behind as it can: its first argument says how.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	switch os.Args[1] {
	case "deep": // directories within directories
		count, _ := strconv.Atoi(os.Args[2])
		check(os.Chdir("/tmp"))
		for i := 0; i < count; i++ {
			check(os.Mkdir("d", 0o755))
			check(os.WriteFile("d/file", []byte("x"), 0o644))
			check(os.Chdir("d"))
		}
	case "close": // directories that their owner may not enter
		check(os.MkdirAll("/tmp/a/b/c", 0o755))
		check(os.WriteFile("/tmp/a/b/c/file", nil, 0o400))
		for _, dir := range []string{"/tmp/a/b/c", "/tmp/a/b", "/tmp/a", "/tmp"} {
			// wasip1 knows no rights.
			_ = os.Chmod(dir, 0)
		}
	case "loop": // files without end
		fmt.Println("begun")
		for i := 0; ; i++ {
			dir := fmt.Sprintf("/tmp/d%d", i%1000)
			_ = os.MkdirAll(dir, 0o755)
			_ = os.WriteFile(fmt.Sprintf("%s/f%d", dir, i%7), []byte("x"), 0o644)
			if i%5 == 0 {
				_ = os.RemoveAll(dir)
			}
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
