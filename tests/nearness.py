"""The least task there is, for tests of what happens around it."""

TASK = '''"""Return a number; the score is how near it comes to 1. Write algorithm(x)."""

SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    yield (rng.random(),), None


def grade(instance, answer):
    return max(0.0, min(1.0, float(answer)))
'''
