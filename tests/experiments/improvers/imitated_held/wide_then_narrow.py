from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Many hot samples, the three best of them are refined cool, and of these the best again."""
    def sample(program, n, heat):
        text = "Improve the algorithm.\n```python\n" + program + "\n```\nUtility:\n" + utility.str
        return [p for p in extract_code(language_model.prompt("Researcher", text, n, heat)) if p]

    stage, heat, n = [initial_solution], 1.0, 6
    everything = []
    for _ in range(3):
        grown = [new for program in stage for new in sample(program, n, heat)]
        everything += [(utility(new), new) for new in grown]
        everything.sort(key=lambda pair: pair[0], reverse=True)
        stage = [program for _, program in everything[:3]] or stage
        heat, n = heat / 2, 2
    return stage[0]
