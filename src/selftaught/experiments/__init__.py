"""What many runs say together, and what improvers turn into: the paper's claims, measured and with their uncertainty.

statistics.py   intervals, tests, and how many repeats a claim needs
"""
