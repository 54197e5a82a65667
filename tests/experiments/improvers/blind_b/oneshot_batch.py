from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    n = min(language_model.max_responses_per_call, utility.budget - 1)
    question = (f"Here is a Python program:\n```python\n{initial_solution}\n```\n"
                f"It is judged by:\n```python\n{utility.str}\n```\n"
                "Write a better version. Return the full program in one code block.")
    answers = language_model.batch_prompt("You are a skilled programmer.", [question] * n, temperature=0.8)
    programs = [initial_solution] + [p for p in extract_code(answers) if p]
    return max(programs, key=utility)
