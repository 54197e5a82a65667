"""Builds a run from its config: the one floor that knows every part by name.

api.py        a run from Python, with a function as its model
inputs.py     what a run depends on: loaded from what the user named, or from a run folder; and frozen into one
lent.py       the language models of a run, one for each role, and what is spent on them
parts.py      how the parts are put together: read it to see how a run is made
kinds.py      what each kind of run does
probing.py    every solution that may be reported is probed for reward hacks
session.py    one start of a run, from the first record to the last
forecast.py   what a run can cost, and is expected to, before anything is spent
replaying.py  a recorded run again, with no model at all
experimenting.py
              an experiment's runs
materials.py  what an experiment depends on, kept in its folder
results.py    what its runs say together, in files
labels.py     programs labelled by a model
"""
