"""The `msgmodule` command. A command parses, calls a plain function and prints; logs go to stderr, results to stdout."""
