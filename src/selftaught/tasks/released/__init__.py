"""The built-in tasks, with the instances and scores of the paper's released code (`--fidelity released`).

One file for each task of the same name one folder up, of the same parts. They are there so that published numbers can
be compared, and for nothing else: the instances are public, the same in every run, and the scores keep the flaws that
the released ones have (shapes that broadcast, labels that are no parts, over-long lists). docs/deviations.md says what
is not followed, because it depends on the machine or on what a program does to our memory.

draws.py   what they share: seeds of the instances
"""
