from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The two best programs are each expanded, in one batch a round."""
    role = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    ask = lambda p: f"Improve this:\n```python\n{p}\n```\n\nScore function:\n```python\n{utility.str}\n```"
    survivors = [initial_solution]
    values = {initial_solution: utility(initial_solution)}
    for _ in range(4):
        messages = [ask(s) for s in survivors for _ in range(2)]
        new = [c for c in extract_code(language_model.batch_prompt(role, messages, temperature=0.7)) if c]
        for c in new:
            values[c] = utility(c)
        survivors = sorted(values, key=lambda p: values[p], reverse=True)[:2]
    return survivors[0]
