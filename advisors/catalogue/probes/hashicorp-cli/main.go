package main

import (
	"strings"

	"github.com/hashicorp/cli"
)

type greet struct{ ui cli.Ui }

func (g greet) Help() string     { return "greets" }
func (g greet) Synopsis() string { return "greets" }
func (g greet) Run(args []string) int {
	g.ui.Output("hello " + strings.Join(args, " "))
	return 3
}

func main() {
	ui := cli.NewMockUi()
	app := cli.NewCLI("app", "1.0")
	app.Args = []string{"greet", "you"}
	app.Commands = map[string]cli.CommandFactory{
		"greet": func() (cli.Command, error) { return greet{ui}, nil },
	}
	code, err := app.Run()
	if err != nil || code != 3 || ui.OutputWriter.String() != "hello you\n" {
		panic("hashicorp/cli")
	}
	println("ok")
}
