"""Doing many things at once, and stopping them together.

threads.py  a `map` in threads: everything independent waits at the same time
purse.py    hard caps on what a run spends: reserved before each attempt, settled after it
gate.py     one switch that stops a run: an interrupt, a deadline, or a failure of ours anywhere in it
"""
