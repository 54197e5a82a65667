"""A task that costs next to nothing: what the benchmarks measure is around it."""

TASK = '''"""Write algorithm(x), which returns a number."""
SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    yield (rng.random(),), None


def grade(instance, answer):
    return float(answer)
'''
