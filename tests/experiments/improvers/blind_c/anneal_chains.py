import math
import random
from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code


def score_all(programs, utility):
    results = []
    if not programs:
        return results
    with ThreadPoolExecutor(max_workers=len(programs)) as executor:
        futures = {executor.submit(utility, p): p for p in programs}
        for future in as_completed(futures):
            try:
                results.append((future.result(), futures[future]))
            except Exception:
                results.append((0.0, futures[future]))
    return results


def improve_algorithm(initial_solution, utility, language_model):
    chains = 3
    length = max(1, language_model.budget // chains)
    n = max(1, min(language_model.max_responses_per_call, (utility.budget - 1) // (chains * length)))
    start_score = utility(initial_solution)
    best_score, best = start_score, initial_solution
    for chain in range(chains):
        current, current_score = initial_solution, start_score
        temperature = 0.2
        for step in range(length):
            prompt = (f"Original program:\n```python\n{current}\n```\n"
                      f"Goal:\n{utility.str}\nSuggest a neighbouring program, with one idea changed. Print all of it.")
            replies = language_model.prompt("You are an optimisation expert.", prompt, n_responses=n, temperature=0.8)
            results = score_all([c for c in extract_code(replies) if c], utility)
            if results:
                score, proposal = max(results)
                if score > best_score:
                    best_score, best = score, proposal
                if score >= current_score or random.random() < math.exp((score - current_score) / temperature):
                    current, current_score = proposal, score
            temperature *= 0.7
    return best
