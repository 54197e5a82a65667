"""Downstream tasks: functions over instances, one file each.

spec.py                  what a task is, and the text that a model is shown of it
loading.py               a task by its name or its path, checked
from_python.py           a task made of Python functions
entry.py                 is a text a program that defines its entry?
contract.py              what a task file may hold: checked, documented, and as templates
scale.py                 scores of any size, and what an improver sees of them
asking.py                programs that ask a language model themselves
playing.py               a task that calls the program itself
evaluation.py            programs that are judged as wholes, in a workshop
beside.py                files beside a task that its programs may read
adapters/                folders of OpenEvolve, functions in repositories: each becomes a task file
templates/               what `selftaught new` writes
copying.py               copies of instances, for what may change them
judge.py                 turns a task into a utility: makes instances, runs programs on them, grades outside
drawn.py                 instances that several need at once, drawn once
shown.py                 the part of a task's own code that a model may read
syntax.py                Python's reader, one text at a time
frozen.py                the texts of the package that a task is made of: kept in a run, and executed from there
measured.py              measurements of the built-in tasks, to choose one
feedback.py              what an improver may read of how a program was scored
parity_with_noise.py     learning parity with noise (paper §5.1)
parity.py                the same without noise (Table 1, as the rest)
three_sat.py             planted 3SAT
string_grid_distance.py  a string at a given distance from another
modified_qap.py          a quadratic assignment with preferences
maxcut.py                the weight between two parts of a graph
tsp.py                   a short round trip
job_shop.py              a short schedule
bin_packing.py           a rule for items that come one by one
online_bin_packing.py    items that come one by one, by `play`
circle_packing.py        circles in a square
autoconvolution.py       a function whose convolution with itself is flat
formulas.py              find a formula from points
grading.py               what several grades are made of
levels.py                what levels are made of: texts with their sizes, ladders of sizes
released/                the paper's six with the instances and scores of the paper's released code
bounds/                  the best answers known to the instances of each
probes/                  is a solution as good where only a reward hack would lose?

To add one: a file like these, and its name in `loading.BUILT_IN`; or, without touching the package, the path of
such a file. What it may hold is one table, `contract.py`; docs/tasks.md has it for people.

CONTRIBUTING.md shows a whole one.
"""
