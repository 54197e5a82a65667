from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    def split(text):
        blocks, block = [], []
        for line in text.split("\n"):
            if line.startswith("def ") and block:
                blocks.append("\n".join(block))
                block = []
            block.append(line)
        blocks.append("\n".join(block))
        return blocks

    blocks = split(initial_solution)
    top = utility(initial_solution)
    for index in range(len(blocks)):
        text = "This is one block of a longer program. Optimise this block alone.\n```python\n" + blocks[index] + "\n```"
        answers = language_model.prompt("You are an expert.", text, n_responses=2, temperature=0.7)
        for block in extract_code(answers):
            if block:
                trial = blocks[:index] + [block] + blocks[index + 1 :]
                value = utility("\n".join(trial))
                if value > top:
                    blocks, top = trial, value
    return "\n".join(blocks)
