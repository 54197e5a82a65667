"""Doing many things at once, and stopping them together.

threads.py  a `map` in threads: everything independent waits at the same time
gate.py     one switch that stops a run: an interrupt, a deadline, or a failure of ours anywhere in it
"""
