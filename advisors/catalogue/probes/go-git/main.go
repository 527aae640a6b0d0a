package main

import (
	"github.com/go-git/go-billy/v5/memfs"
	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

func main() {
	files := memfs.New()
	repo, err := git.Init(memory.NewStorage(), files)
	if err != nil {
		panic(err)
	}
	file, err := files.Create("a")
	if err != nil {
		panic(err)
	}
	file.Close()
	tree, err := repo.Worktree()
	if err != nil {
		panic(err)
	}
	_, err = tree.Add("a")
	if err != nil {
		panic(err)
	}
	_, err = tree.Commit("one", &git.CommitOptions{Author: &object.Signature{Name: "me"}})
	if err != nil {
		panic(err)
	}
	println("ok")
}
