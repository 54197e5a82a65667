"""Non-elitist beam of four; each layer = children of every member + children of pairs."""
from itertools import combinations
from helpers import extract_code

B = 4
MUT, X = 0.9, 0.5


def block(p):
    return f"```python\n{p}\n```"


def p1(p, u):
    return "\n\n".join(["Improve this program:", block(p), "Utility:", block(u.str)])


def p2(p, q, u):
    return "\n\n".join(["Merge the strengths of these two programs into one that beats both:", "A", block(p), "B", block(q), "Utility:", block(u.str)])


def improve_algorithm(initial_solution, utility, language_model):
    F = {initial_solution: utility(initial_solution)}
    beam = [initial_solution]
    R = language_model.max_responses_per_call

    def live():
        return language_model.times_used < language_model.budget and utility.uses < utility.budget

    def ask(msgs, t):
        msgs = msgs[: min(R, utility.budget - utility.uses)]
        got = [c for c in map(extract_code, language_model.batch_prompt("You are a programmer.", msgs, temperature=t)) if c]
        new = [c for c in dict.fromkeys(got) if c not in F]
        F.update(zip(new, utility.batch(new)))
        return got

    while live():
        layer = ask([p1(beam[i % len(beam)], utility) for i in range(R)], MUT)
        if len(beam) > 1 and live():
            layer += ask([p2(a, b, utility) for a, b in combinations(beam, 2)], X)
        fresh = sorted(set(layer) - set(beam), key=lambda c: (F[c], c), reverse=True)
        beam = fresh[:B] or beam
    return max(F, key=F.get)
