"""What many runs say together, and what improvers turn into: the paper's claims, measured and with their uncertainty.

statistics.py   intervals, tests, and how many repeats a claim needs
bypass.py       whether an improver switches its sandbox off: by the paper's rule, and by a stricter one
strategies.py   which strategies, and which circumventions, an improver uses
shapes.py       the shapes in a program that those rules look for
reading.py      a program's text, read once: where values come from, who asks and who scores
kinds.py        what a value may be: the utility, the model, a score, an answer, or a collection of them
names.py        scopes, functions, and every place where a variable gets a value

Programs are hostile text. They are parsed here, outside of any run; they are never executed here.
"""
