"""The library: the same as the command line, without printing. One module a task, loaded when it is used."""
