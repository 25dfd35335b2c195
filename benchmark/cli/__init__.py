"""Holds the command line: one file per command, each of which parses, calls and prints."""

import signal

STOPPED = 128 + signal.SIGINT
"""The exit status of a command that was ended with Ctrl-C, as shells have it."""
