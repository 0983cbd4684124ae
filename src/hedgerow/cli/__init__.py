"""The command line: a thin face that parses words, calls the packages below and prints what they return."""
