from helpers import extract_code
import math, random

def improve_algorithm(initial_solution, utility, language_model):
    s = b = initial_solution
    e = eb = utility(s)
    T = .12
    N = min(language_model.budget, utility.budget - 1)
    for i in range(N):
        q = "Change this program a little so it scores better:\n```python\n" + s + "\n```\nScoring:\n```python\n" + utility.str + "\n```\nAnswer with all of the program."
        r = extract_code(language_model.prompt("You are a careful programmer.", q, temperature=0.9)[0])
        T *= .85
        if not r: continue
        e2 = utility(r)
        if e2 >= e or random.random() < math.exp((e2 - e) / T):
            s, e = r, e2
        if e2 > eb: b, eb = r, e2
    return b
