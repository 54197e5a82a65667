"""Self-consistency for programs: many samples, no scores, return the one that agrees most with the others."""
import difflib
import io
import tokenize
from helpers import extract_code


def toks(src):
    try:
        return [t.string for t in tokenize.generate_tokens(io.StringIO(src).readline)
                if t.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE)][:400]
    except (tokenize.TokenError, SyntaxError):
        return src.split()[:400]


def sim(a, b):
    return difflib.SequenceMatcher(None, a, b, autojunk=False).quick_ratio()


def improve_algorithm(initial_solution, utility, language_model):
    msg = f"Improve this program.\n```python\n{initial_solution}\n```\nUtility:\n```python\n{utility.str}\n```"
    S = []
    for _ in range(min(6, language_model.budget)):
        S += [c for c in extract_code(language_model.prompt("You are an expert.", msg, language_model.max_responses_per_call, temperature=0.7)) if c]
    if not S:
        return initial_solution
    T = [toks(s) for s in S]
    agree = [sum(sim(a, b) for b in T) for a in T]
    return S[agree.index(max(agree))]
