#!/bin/sh
# a comment; with | and $(x)
echo a # trailing 'quote
echo b#c d\ #e
echo $# ${#x} "#f"
# last
