"""Downstream tasks: functions over instances, one file each.

spec.py                  what a task is, and the text that a model is shown of it
loading.py               a task by its name or its path, checked
from_python.py           a task made of Python functions
entry.py                 is a text a program that defines its entry?
judge.py                 turns a task into a utility: makes instances, runs programs on them, grades outside
shown.py                 the part of a task's own code that a model may read
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
circle_packing.py        circles in a square
autoconvolution.py       a function whose convolution with itself is flat
formulas.py              the formula behind some points
grading.py               what several grades are made of
levels.py                what levels are made of: texts with their sizes, ladders of sizes
released/                the paper's six with the instances and scores of the paper's released code
bounds/                  the best answers known to the instances of each
probes/                  is a solution as good where only a reward hack would lose?

To add one: a file like these, and its name in `loading.BUILT_IN`; or, without touching the package, the path of
such a file. It defines

    its docstring                     what a model is shown; what is enforced is added to it (`spec.py`)
    SEED                              the text of the program to start from
    instances(rng, split)             yields (tuple of arguments, what only `grade` may see); split is "val" or "test"
    grade(instance, answer)           0 to 1; ValueError for an answer that is none
    NAME, ENTRY                       may be left out: the file's name, "algorithm"
    CPU_SECONDS, MEMORY_BYTES         may be left out: what one call, and one process, may use
    FRESH_GUEST_PER_CALL              may be left out: True for a process of its own for each call
    SHOW, HIDE                        may be left out: True if models may read instances and grade; names to leave out
    explain(instance, answer)         may be left out: words on an answer, shown to improvers beside its grade
    SCORING                           may be left out: a `spec.Scoring`, where the score is no mean of 0 to 1

CONTRIBUTING.md shows a whole one.
"""
