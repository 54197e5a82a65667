from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution according to a utility function, using beam search."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    beam_width = 3

    def generate_candidates(solution, n):
        message = f"""You are given the following program:
```python
{solution}
```
You must return an improved program. Be as creative as you can under the constraints. The program will be judged by this function:
```python
{utility.str}
```
Your primary improvement must be novel and non-trivial. First, propose an idea for an improvement, then implement it."""
        responses = language_model.prompt(expertise, message, n_responses=n, temperature=0.7)
        return [code for code in extract_code(responses) if code]

    # The beam is a list of (score, solution) pairs, best first
    beam = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        new_candidates = []
        for _, solution in beam:
            if language_model.times_used >= language_model.budget or utility.uses >= utility.budget:
                break
            n = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
            for candidate in generate_candidates(solution, n):
                new_candidates.append((utility(candidate), candidate))
        beam = sorted(beam + new_candidates, key=lambda pair: pair[0], reverse=True)[:beam_width]
    return beam[0][1]
