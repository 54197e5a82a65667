"""What many runs say together, and what improvers turn into: the paper's claims, measured and with their uncertainty.

statistics.py   intervals, tests, and how many repeats a claim needs
bypass.py       whether an improver switches its sandbox off: by the paper's rule, and by a stricter one
strategies.py   which strategies, and which circumventions, an improver uses
shapes.py       the shapes in a program that those rules look for
reading.py      a program's text, read once: what a value may be, where it comes from, who asks and who scores

Programs are hostile text. They are parsed here, outside of any run; they are never executed here.
"""
