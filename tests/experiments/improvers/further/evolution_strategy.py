from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model, mu=3, children=2):
    """A (mu + lambda) evolution strategy without recombination: each parent has two mutants, the best mu of all live on."""
    parents = [(utility(initial_solution), initial_solution)]
    for generation in range(language_model.budget // mu):
        offspring = []
        for _, parent in parents:
            prompt = f"Mutate the program below.\n```python\n{parent}\n```\nFitness:\n```python\n{utility.str}\n```"
            codes = extract_code(language_model.prompt("You are a mutation operator.", prompt, children, 0.9))
            offspring += [(utility(code), code) for code in codes if code]
        parents = sorted(parents + offspring, key=lambda one: one[0], reverse=True)[:mu]
    return parents[0][1]
