"""Return a number; the score is how near it comes to 1. Write algorithm(x), which takes a number from 0 to 1."""

SEED = "def algorithm(x):\n    return 0.25\n"


def instances(rng, split):
    for _ in range(3):
        yield (rng.random(),), None


def grade(instance, answer):
    return max(0.0, 1.0 - abs(1.0 - float(answer)))
