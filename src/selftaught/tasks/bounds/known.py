"""What is known of the best scores of tasks whose instances are too hard to be answered here: kind, and source."""

KNOWN = {
    "autoconvolution": (
        "record",
        "AlphaEvolve's 1.5032 (2025); 1.50286, which is about 1.02, has been reported since (einsteinarena.com).",
    ),
    "bin-packing": (
        "unreachable",
        "Bins without any room left. Of the Weibull half, FunSearch's rule (2024) is .595, the best reported .636.",
    ),
    "circle-packing": (
        "record",
        "The largest sums known: numaro.tech (26 and 33), our own searches (the others); AlphaEvolve for comparison.",
    ),
    "formulas": ("exact", "The formula itself."),
    "job-shop": (
        "heuristic",
        "A tabu search of 12 s for each instance of one seed; the optimum is higher.",
    ),
    "maxcut@hard": ("exact", "Planted: every cube of the lattice is cut best (tile planting, Hamze and others 2018)."),
    "modified-qap@hard": (
        "heuristic",
        "Tabu search, three of 8000 steps for each instance of three seeds; the optimum may be a little higher.",
    ),
    "online-bin-packing": (
        "unreachable",
        "Bins without any room left; of 500 items the last bins alone leave about 1 %.",
    ),
    "parity@hard": ("exact", "The planted set: C(256, 22) is about 2^105, so of 128 examples one light set agrees."),
    "parity-with-noise@hard": ("exact", "The planted set, which is by far the most probable one at 500 examples."),
    "string-grid-distance@hard": ("exact", "The string from which the distances were taken."),
    "three-sat@hard": ("exact", "The planted assignment (Jia, Moore, Strain 2007)."),
    "tsp": (
        "heuristic",
        "LKH (Helsgaun 2000), three runs for each instance of three seeds: the shortest trips, or next to them.",
    ),
}
"""exact: the most that any program scores. record: the best published; more than 1 is a new one. heuristic: from a long
search, so the best is a little higher. unreachable: no program gets there, and how near one can come is not known."""
