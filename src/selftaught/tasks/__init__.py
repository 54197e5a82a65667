"""Downstream tasks: functions over instances, one file each.

spec.py               what a task is, and the text that a model is shown of it
loading.py            a task by its name or its path, checked
judge.py              turns a task into a utility: makes instances, runs the program on them, grades outside
parity_with_noise.py  learning parity with noise (paper §5.1)
three_sat.py          planted 3SAT (paper §5.2)

To add one: a file like these, and its name in `loading.BUILT_IN`. CONTRIBUTING.md shows a whole one.
"""
