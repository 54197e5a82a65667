"""Probes for reward hacks: is a solution as good where nothing has changed but what only a hack would notice?

loading.py   the probes of a task: `FORMS` and `check` of the file named like it (`HARD_FORMS` at its level `hard`)
trial.py     runs a program on the probes of its task
forms.py     what forms are made of

What the grades say, a loss beyond the noise or none: `wiring/probing.py`.

A *form* is another instance that is as hard to solve as the one it is made of: its variables have other
names, its rows another order, its numbers another type. `check` tests whether an answer is valid, more strictly
than a grade may. A task of your own has those of its file (`probe_NAME`), and the one
that needs no knowledge of it: instances from a fresh seed.
"""
