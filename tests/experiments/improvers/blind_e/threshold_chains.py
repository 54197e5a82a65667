"""Three walkers side by side. Threshold accepting: a step down is fine if it is small enough."""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Walker:
    code: str
    score: float
    tolerance: float

    def consider(self, code, score):
        if score > self.score - self.tolerance:
            self.code, self.score = code, score
            return True
        return False


def improve_algorithm(initial_solution, utility, language_model):
    n_walkers = min(3, language_model.max_responses_per_call)
    s0 = utility(initial_solution)
    spread = max(abs(s0), 0.1)
    walkers = [Walker(initial_solution, s0, spread * (0.1 + 0.2 * i)) for i in range(n_walkers)]
    best = (s0, initial_solution)
    expertise = "You are an expert in local search over programs."

    def message(w):
        return ("Take one step from this program to a neighbouring one: change one idea, one rule or one parameter.\n\n"
                "```python\n" + w.code + "\n```\n\nAnswer with the full changed program in a python block.")

    executor = ThreadPoolExecutor(max_workers=n_walkers)
    try:
        while language_model.times_used < language_model.budget and utility.budget - utility.uses >= n_walkers:
            replies = language_model.batch_prompt(expertise, [message(w) for w in walkers], temperature=0.9)
            codes = [extract_code(r) for r in replies]
            futures = [executor.submit(utility, c) if c else None for c in codes]
            for w, code, future in zip(walkers, codes, futures):
                if future is None:
                    continue
                score = future.result()
                w.consider(code, score)
                if score > best[0]:
                    best = (score, code)
            for w in walkers:
                w.tolerance *= 0.9
    finally:
        executor.shutdown(wait=True)
    return best[1]
