import random
from helpers import extract_code


class Archive(dict):
    def best(self):
        return max(self, key=self.get)


def improve_algorithm(initial_solution, utility, language_model):
    """Mostly the best of the archive is worked on, with some probability any other of it."""
    archive = Archive({initial_solution: utility(initial_solution)})
    epsilon = 0.3
    for _ in range(language_model.budget):
        base = random.choice(list(archive)) if random.random() < epsilon else archive.best()
        text = f"Improve this program:\n```python\n{base}\n```\nScore: {utility.str}"
        for code in extract_code(language_model.prompt("Engineer", text, 2, 0.7)):
            if code and code not in archive and utility.uses < utility.budget:
                archive[code] = utility(code)
    return archive.best()
