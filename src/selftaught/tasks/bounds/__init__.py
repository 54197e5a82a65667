"""Reference bounds: the best answers known to the instances of a task, so that scores read as "how far from the best".

loading.py   the bound of a task; the one door, which imports a bound's packages only when it is asked for

kept.py      grades of reference answers on disk: some take a long search
known.py     of harder tasks, whose best answers cannot be found here: where their `BOUND` comes from

and one file for each task of the paper, with its docstring, of which the first line says what the reference is;

    KIND                     "exact": no program scores more, on average over instances where chance decides;
                             "heuristic": found by a long search, so that the best may be a little higher
    answer(*arguments)       the best answer, from what a program gets: nothing hidden

An answer is graded by the task itself, so that it is on the score's scale, whatever the fidelity. Under `released` it
is the best honest answer: the flaws of that scale let others score more. Packages that are needed are in the extra
`bounds`.
"""
