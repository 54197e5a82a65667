"""Sort a list of integers, ascending. Write algorithm(numbers), which returns the sorted list."""

SEED = "def algorithm(numbers):\n    return numbers\n"
CPU_SECONDS = 0.1


def instances(rng, split):
    for _ in range(20):
        yield ([rng.randint(0, 99) for _ in range(rng.randint(1, 30))],), None


def grade(instance, answer):
    (numbers,), _ = instance
    return float(answer == sorted(numbers))
