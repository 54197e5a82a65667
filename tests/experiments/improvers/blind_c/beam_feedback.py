from helpers import extract_code

WIDTH = 2

def make_message(program, score, utility):
    notes = utility.feedback(program)
    return f"""Program (score {score:.3f}):
```python
{program}
```
What happened when it was run:
{notes}

Definition of the score:
{utility.str}

Write a better program. Explain in one sentence what you change, then show the code."""

def improve_algorithm(initial_solution, utility, language_model):
    beam = [(utility(initial_solution), initial_solution)]
    evaluated = 1
    calls = 0
    depth = 0
    while calls < language_model.budget and evaluated < utility.budget:
        temperature = max(0.2, 1.0 - 0.1 * depth)
        candidates = list(beam)
        for score, program in beam:
            if calls >= language_model.budget:
                break
            calls += 1
            answers = language_model.prompt("You are an expert programmer.", make_message(program, score, utility),
                                            n_responses=min(4, language_model.max_responses_per_call), temperature=temperature)
            for code in extract_code(answers):
                if code and evaluated < utility.budget:
                    evaluated += 1
                    candidates.append((utility(code), code))
        chosen, texts = [], set()
        for item in sorted(candidates, key=lambda x: -x[0]):
            if item[1] not in texts:
                texts.add(item[1])
                chosen.append(item)
        beam = chosen[:WIDTH]
        depth += 1
    return beam[0][1]
