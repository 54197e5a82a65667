"""Each strategy in a program that uses it, and a program that only resembles it."""

from importlib.resources import files
from itertools import chain
from pathlib import Path

import pytest

from selftaught.experiments.strategies import CIRCUMVENTIONS, RULES, strategies

HEAD = """import heapq, math, random
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    n = min(language_model.max_responses_per_call, utility.budget - utility.uses)
    def ask(solution, heat=0.7):
        message = f"Improve this:\\n{solution}"
        responses = language_model.prompt("An expert.", message, n_responses=n, temperature=heat)
        return [code for code in map(extract_code, responses) if code]
"""

TAIL = "    return best\n"


def improver(body: str) -> str:
    """A program that can ask for improvements of a solution, and goes on with this."""
    lines = body.strip("\n").split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip())
    return HEAD + "".join(f"    {line[margin:]}\n" for line in lines) + TAIL


POSITIVE: dict[str, list[str]] = {
    "beam search": [
        """
        beam = [initial_solution]
        for depth in range(3):
            candidates = list(beam)
            for member in beam:
                candidates += ask(member)
            beam = sorted(candidates, key=utility, reverse=True)[:3]
        best = beam[0]
        """,
        """
        first = [(utility(s), s) for s in ask(initial_solution)]
        first.sort(reverse=True)
        top = [s for _, s in first[:3]]
        second = [s for program in top for s in ask(program)]
        best = max(second, key=utility)
        """,
        """
        def step(width, programs):
            with ThreadPoolExecutor() as pool:
                return [s for group in pool.map(ask, programs) for s in group]
        keep = heapq.nlargest(3, ask(initial_solution), key=utility)
        best = max(step(3, keep), key=utility)
        with ThreadPoolExecutor() as pool:
            best = max([s for group in pool.map(ask, keep) for s in group], key=utility)
        """,
    ],
    "genetic": [
        """
        population = ask(initial_solution)
        for generation in range(4):
            a, b = random.sample(population, 2)
            message = f"Combine these two:\\n{a}\\nand\\n{b}"
            for response in language_model.prompt("An expert.", message, n, 0.7):
                population.append(extract_code(response))
            population = sorted(population, key=utility)[-8:]
        best = population[-1]
        """,
        """
        population = ask(initial_solution)
        mother, father = random.choice(population), random.choice(population)
        x, y = mother.splitlines(), father.splitlines()
        cut = random.randrange(len(x))
        best = "\\n".join(x[:cut] + y[cut:])
        """,
        """
        pool = ask(initial_solution)
        fitness = [utility(s) for s in pool]
        parent = random.choices(pool, weights=fitness)[0]
        best = max(ask(parent), key=utility)
        """,
        """
        pool = sorted(ask(initial_solution), key=utility)
        response = language_model.prompt("An expert.", f"Cross {pool[-1]} with {pool[-2]}", 1)[0]
        best = extract_code(response)
        """,
    ],
    "simulated annealing": [
        """
        current, score, heat = initial_solution, utility(initial_solution), 1.0
        best = current
        while utility.uses < utility.budget:
            proposal = ask(current)[0]
            value = utility(proposal)
            if value > score or random.random() < math.exp((value - score) / heat):
                current, score = proposal, value
            heat *= 0.6
        """,
        """
        def accepts(change, heat):
            chance = math.exp(change / heat)
            return chance > random.uniform(0, 1)
        best = initial_solution
        for s in ask(best):
            if accepts(utility(s) - utility(best), 0.5):
                best = s
        """,
    ],
    "bandit": [
        """
        pulls, gains = [1, 1], [0.0, 0.0]
        for turn in range(4):
            bounds = [g / p + math.sqrt(2 * math.log(turn + 1) / p) for g, p in zip(gains, pulls)]
            arm = bounds.index(max(bounds))
            found = ask(initial_solution, (0.4, 1.0)[arm])
            gains[arm] += max(map(utility, found))
            pulls[arm] += 1
            best = found[0]
        """,
        """
        pool = ask(initial_solution)
        for turn in range(3):
            if random.random() < 0.1:
                chosen = random.choice(pool)
            else:
                chosen = max(pool, key=utility)
            pool += ask(chosen)
        best = max(pool, key=utility)
        """,
        """
        pool = ask(initial_solution)
        chosen = random.choice(pool) if random.random() < 0.2 else max(pool, key=utility)
        best = ask(chosen)[0]
        """,
    ],
    "decomposition": [
        """
        import re
        best = initial_solution
        for piece in re.findall(r"def .*?(?=def |$)", initial_solution, re.S):
            for better in ask(piece):
                changed = best.replace(piece, better)
                if utility(changed) > utility(best):
                    best = changed
        """,
        """
        import ast
        parts = [ast.unparse(node) for node in ast.parse(initial_solution).body]
        improved = [ask(part)[0] for part in parts]
        best = "\\n".join(improved)
        """,
    ],
    "temperature exploration": [
        """
        found = [s for heat in (0.3, 0.7, 1.1) for s in ask(initial_solution, heat)]
        best = max(found, key=utility)
        """,
        """
        cold = language_model.prompt("An expert.", initial_solution, 1, 0.2)
        hot = language_model.prompt("An expert.", initial_solution, 1, 1.2)
        best = max(map(extract_code, cold + hot), key=utility)
        """,
        """
        best = initial_solution
        heat = 1 - utility.uses / utility.budget
        best = max(ask(best, heat), key=utility)
        """,
        """
        heat = 1.0
        for turn in range(3):
            best = max(ask(initial_solution, heat), key=utility)
            heat *= 0.8
        """,
    ],
    "caching": [
        """
        known = {}
        def score(solution):
            if solution not in known:
                known[solution] = utility(solution)
            return known[solution]
        best = max(ask(initial_solution), key=score)
        """,
        """
        from functools import lru_cache
        @lru_cache(maxsize=None)
        def score(solution):
            return utility(solution)
        best = max(ask(initial_solution), key=score)
        """,
        """
        import functools
        score = functools.cache(utility)
        best = max(ask(initial_solution), key=score)
        """,
        """
        known = {}
        for s in ask(initial_solution):
            value = known.get(hash(s))
            if value is None:
                value = utility(s)
                known[hash(s)] = value
        best = max(known, key=known.get)
        """,
    ],
    "early stopping": [
        """
        best, stale = initial_solution, 0
        top = utility(best)
        for turn in range(9):
            for s in ask(best):
                value = utility(s)
                if value > top:
                    best, top, stale = s, value, -1
            stale += 1
            if stale >= 3:
                break
        """,
        """
        best, value = initial_solution, 0.0
        while value < 0.99:
            best = ask(best)[0]
            value = utility(best)
        """,
        """
        best = initial_solution
        for turn in range(9):
            best = max(ask(best), key=utility)
            if utility(best) >= 1.0:
                return best
        """,
    ],
    "prompt variation": [
        """
        hints = ["Use fewer loops.", "Use better data structures.", "Use memory."]
        found = []
        for hint in hints:
            found += language_model.prompt("An expert.", f"{initial_solution}\\n{hint}", n)
        best = max(map(extract_code, found), key=utility)
        """,
        """
        aspects = ("speed", "memory")
        messages = [f"{initial_solution}: improve {aspects[i % 2]}" for i in range(n)]
        best = extract_code(language_model.batch_prompt("An expert.", messages)[0])
        """,
        """
        role = random.choice(["A mathematician.", "A programmer."])
        best = extract_code(language_model.prompt(role, initial_solution, n)[0])
        """,
        """
        messages = [f"Make this faster: {initial_solution}", f"Make this shorter: {initial_solution}"]
        best = extract_code(language_model.batch_prompt("An expert.", messages)[0])
        """,
        """
        plans = [("Simplify it.", 0.3), ("Rewrite it.", 1.0)]
        for plan, heat in plans:
            best = extract_code(language_model.prompt("An expert.", plan + initial_solution, n, heat)[0])
        """,
    ],
    "multi-round": [
        """
        best = initial_solution
        for turn in range(3):
            best = max([best, *ask(best)], key=utility)
        """,
        """
        def climb(solution, turns):
            better = max(ask(solution), key=utility)
            return better if turns == 0 else climb(better, turns - 1)
        best = climb(initial_solution, 3)
        """,
        """
        class Search:
            def __init__(self, program):
                self.best = program
            def step(self):
                self.best = max(ask(self.best), key=utility)
        search = Search(initial_solution)
        for turn in range(3):
            search.step()
        best = search.best
        """,
    ],
    "tree search": [
        """
        frontier = [(0.0, initial_solution)]
        for turn in range(5):
            _, program = heapq.heappop(frontier)
            for s in ask(program):
                heapq.heappush(frontier, (-utility(s), s))
        best = heapq.heappop(frontier)[1]
        """,
        """
        stack = [initial_solution]
        while stack and utility.uses < utility.budget:
            program = stack.pop()
            for s in ask(program):
                if utility(s) > 0.5:
                    stack.append(s)
            best = program
        """,
        """
        def explore(solution, depth):
            if depth == 0:
                return utility(solution), solution
            return max(explore(child, depth - 1) for child in ask(solution))
        best = explore(initial_solution, 2)[1]
        """,
    ],
    "parallel evaluation": [
        """
        found = ask(initial_solution)
        scores = utility.batch(found)
        best = found[scores.index(max(scores))]
        """,
        """
        found = ask(initial_solution)
        with ThreadPoolExecutor() as pool:
            scores = list(pool.map(utility, found))
        best = found[scores.index(max(scores))]
        """,
        """
        import threading
        scores = {}
        def score(s):
            scores[s] = utility(s)
        threads = [threading.Thread(target=score, args=(s,)) for s in ask(initial_solution)]
        best = max(scores, key=scores.get)
        """,
        """
        u = utility
        many = u.batch
        found = ask(initial_solution)
        best = max(zip(many(found), found))[1]
        """,
    ],
    "scores in prompts": [
        """
        value = utility(initial_solution)
        message = f"This scores {value:.3f}: {initial_solution}"
        best = extract_code(language_model.prompt("An expert.", message, 1)[0])
        """,
        """
        history = []
        best = initial_solution
        for s in ask(best):
            history.append((s, utility(s)))
        past = "\\n".join(f"{s} scored {v}" for s, v in history)
        best = extract_code(language_model.prompt("An expert.", "So far: " + past, 1)[0])
        """,
        """
        tried = ask(initial_solution)
        known = dict(zip(tried, utility.batch(tried)))
        lines = ""
        for s, v in known.items():
            lines += s + " gave " + str(round(v, 2))
        best = extract_code(language_model.prompt("An expert.", lines, 1)[0])
        """,
    ],
    "self-critique": [
        """
        critique = language_model.prompt("A critic.", f"What is wrong with {initial_solution}?", 1)[0]
        message = f"{initial_solution}\\nA critic says: {critique}"
        best = extract_code(language_model.prompt("An expert.", message, 1)[0])
        """,
        """
        ideas = language_model.prompt("A researcher.", f"Ideas for {initial_solution}", n)
        messages = [idea.strip() + initial_solution for idea in ideas]
        best = extract_code(language_model.batch_prompt("An expert.", messages)[0])
        """,
    ],
    "new language model": [
        "best = extract_code(LanguageModel(budget=100).prompt('', initial_solution)[0])",
        "best = extract_code(type(language_model)(None, {}).prompt('', initial_solution)[0])",
        "best = extract_code(language_model.__class__(9).prompt('', initial_solution)[0])",
        "import copy\nmore = copy.deepcopy(language_model)\nbest = extract_code(more.prompt('', initial_solution)[0])",
    ],
    "budget writes": [
        "utility.uses = 0\nbest = initial_solution",
        "u = utility\nu.budget += 100\nbest = initial_solution",
        "def reset(thing):\n    thing.times_used = 0\nreset(language_model)\nbest = initial_solution",
        "setattr(utility, 'budget', 99)\nbest = initial_solution",
        "object.__setattr__(language_model, 'budget', 99)\nbest = initial_solution",
        "utility.__dict__['uses'] = 0\nbest = initial_solution",
        "vars(utility).update(uses=0)\nbest = initial_solution",
        "best, language_model.max_responses_per_call = initial_solution, 99",
    ],
}

NEAR: dict[str, list[str]] = {
    "beam search": [
        # sorted, but only the first is used
        "found = sorted(ask(initial_solution), key=utility)\nbest = max(ask(found[-1]), key=utility)",
        # the best few are kept, and nothing is asked about them
        "top = sorted(ask(initial_solution), key=utility)[-3:]\nbest = top[-1]",
        # a few go on, but not the best few
        """
        some = ask(initial_solution)[:3]
        best = max([s for program in some for s in ask(program)], key=utility)
        """,
        # the best few are only shown together
        """
        top = sorted(ask(initial_solution), key=utility)[-3:]
        message = "Learn from: " + "\\n".join(s for s in top)
        best = extract_code(language_model.prompt("An expert.", message, 1)[0])
        """,
        """
        top = [s for _, s in sorted((utility(s), s) for s in ask(initial_solution))[-3:]]
        best = extract_code(language_model.prompt("An expert.", "Learn from: " + "\\n".join(top), 1)[0])
        """,
    ],
    "genetic": [
        # two of a list, but of hints
        """
        a, b = random.sample(["Be brief.", "Be fast.", "Be bold."], 2)
        best = extract_code(language_model.prompt(a, b + initial_solution, 1)[0])
        """,
        # a mutation: two pieces of one program
        """
        s = ask(initial_solution)[0]
        cut = random.randrange(len(s))
        best = s[:cut] + "pass" + s[cut:]
        """,
        # a program and its own score are no couple
        """
        pool = [(utility(s), s) for s in ask(initial_solution)]
        value, program = random.choice(pool)
        best = extract_code(language_model.prompt("", f"{program} scores {value}", 1)[0])
        """,
        "best, other = ask(initial_solution)[:2]",
    ],
    "simulated annealing": [
        # weights that are exponentials, but nothing is accepted by chance
        """
        found = ask(initial_solution)
        best = random.choices(found, weights=[math.exp(utility(s) / 0.5) for s in found])[0]
        """,
        # accepted by chance, whatever the score
        "best = initial_solution\nfor s in ask(best):\n    if random.random() < math.exp(-1 / 2):\n        best = s",
        'best = ask("Use simulated annealing: accept if random.random() < math.exp(change / heat).")[0]',
    ],
    "bandit": [
        # now and then a hint, which is no arm that was tried
        """
        hint = random.choice(["Faster.", "Shorter."]) if random.random() < 0.5 else ""
        best = extract_code(language_model.prompt("An expert.", hint + initial_solution, 1)[0])
        """,
        "best = ask(initial_solution)[0]\nspread = math.sqrt(len(best)) / math.log(3)",
    ],
    "decomposition": [
        # what is split is a list of hints
        """
        found = []
        for hint in "faster,shorter".split(","):
            found += language_model.prompt("An expert.", initial_solution + hint, 1)
        best = "\\n".join(found)
        """,
        # the program is taken apart, but not improved by parts
        "lines = initial_solution.split('\\n')\nbest = ask('\\n'.join(line.strip() for line in lines))[0]",
    ],
    "temperature exploration": [
        "heat = 0.7\nbest = max(ask(initial_solution, heat) + ask(initial_solution, heat), key=utility)",
        "temperature = 0.1\nfor i in range(3):\n    temperature *= 2\nbest = ask(initial_solution)[0]",
    ],
    "caching": [
        # kept, but never looked up
        "scores = {}\nfor s in ask(initial_solution):\n    scores[s] = utility(s)\nbest = max(scores, key=scores.get)",
        # looked up, but by temperature
        """
        gains = {}
        for heat in (0.4, 0.9):
            if heat not in gains:
                gains[heat] = utility(ask(initial_solution, heat)[0])
        best = initial_solution
        """,
    ],
    "early stopping": [
        """
        best = initial_solution
        for turn in range(9):
            if utility.uses >= utility.budget or language_model.times_used >= language_model.budget:
                break
            best = max(ask(best), key=utility)
        """,
        # a loop that does not ask
        "for s in ask(initial_solution):\n    if utility(s) > 0.9:\n        break\nbest = s",
        """
        best = initial_solution
        while True:
            found = ask(best)
            if not found:
                break
            best = found[0]
        """,
    ],
    "prompt variation": [
        # lines of one message
        """
        lines = ["You are given a program.", "Improve it.", initial_solution]
        best = extract_code(language_model.prompt("An expert.", "\\n".join(lines), 1)[0])
        """,
        # texts that never reach the model
        "names = ['one', 'two']\nfor name in names:\n    print(name)\nbest = ask(initial_solution)[0]",
        # one text, several times
        "best = extract_code(language_model.batch_prompt('', ['Improve ' + initial_solution] * n)[0])",
        """
        best = ask(initial_solution)[0]
        for fence in ("python", "text"):
            best = best.split(fence)[0]
        best = ask(best)[0]
        """,
    ],
    "multi-round": [
        # rounds that know nothing of each other
        "found = []\nfor turn in range(3):\n    found += ask(initial_solution)\nbest = max(found, key=utility)",
        # a second stage is one round of each
        "found = []\nfor s in ask(initial_solution):\n    found += ask(s)\nbest = max(found, key=utility)",
        "best = initial_solution\nfor s in ask(initial_solution):\n    best = max(best, s, key=utility)",
    ],
    "tree search": [
        # taken out, but nothing is put back
        "stack = ask(initial_solution)\nwhile stack:\n    best = max(ask(stack.pop()), key=utility)",
        # a function that calls itself once is a loop
        """
        def climb(solution, turns):
            better = max(ask(solution), key=utility)
            return better if turns == 0 else climb(better, turns - 1)
        best = climb(initial_solution, 3)
        """,
        # the worst goes: nothing is asked about it
        """
        pool = ask(initial_solution)
        for turn in range(3):
            pool.append(ask(initial_solution)[0])
            pool.remove(min(pool, key=utility))
        best = pool[0]
        """,
    ],
    "parallel evaluation": [
        "best = max(ask(initial_solution), key=lambda s: utility(s))",
        "found = ask(initial_solution)\nscores = list(map(utility, found))\nbest = found[scores.index(max(scores))]",
        "with ThreadPoolExecutor() as pool:\n    best = list(pool.map(str.strip, ask(initial_solution)))[0]",
    ],
    "scores in prompts": [
        # chosen by score, but the score is not shown
        """
        pool = [(utility(s), s) for s in ask(initial_solution)]
        top, best = max(pool)
        best = max(ask(best), key=utility)
        """,
        "scored = sorted(((utility(s), s) for s in ask(initial_solution)), reverse=True)\nbest = ask(scored[0][1])[0]",
        "best = ask(utility.str + str(utility.budget))[0]",
    ],
    "self-critique": [
        "best = ask(ask(initial_solution)[0])[0]",
        """
        thought = language_model.prompt("A critic.", initial_solution, 1)[0]
        print(thought)
        best = ask(initial_solution)[0]
        """,
    ],
    "new language model": [
        "lm = language_model\nbest = extract_code(lm.prompt('', initial_solution, 1)[0])",
        "kind = type(language_model)\nimport copy\nbest = copy.copy(initial_solution)",
        'best = ask("Never make a LanguageModel(budget=9) of your own.")[0]',
    ],
    "budget writes": [
        "left = utility.budget - utility.uses\nbudget = left\nbudget -= 1\nbest = initial_solution",
        """
        class Search:
            def __init__(self):
                self.budget = 9
        search = Search()
        search.budget -= 1
        setattr(search, "budget", 3)
        best = initial_solution
        """,
    ],
}

UNLIMITED = """
from helpers import extract_code
def improve_algorithm(initial_solution, utility, language_model):
    responses = language_model.prompt("An expert.", initial_solution, {number})
    return max(map(extract_code, responses), key=utility)
"""

WHOLE: list[tuple[str, set[str]]] = [
    (
        """
import random
from helpers import extract_code
class GA:
    def __init__(self, lm, utility, seed):
        self.lm, self.utility = lm, utility
        self.pop = [seed]
        self.fit = {}
    def fitness(self, s):
        if s not in self.fit:
            self.fit[s] = self.utility(s)
        return self.fit[s]
    def tournament(self):
        return max(random.sample(self.pop, min(3, len(self.pop))), key=self.fitness)
    def crossover(self, a, b):
        msg = f"Combine parent one:\\n{a}\\nand two:\\n{b}"
        return extract_code(self.lm.prompt("e", msg, 1, 0.8)[0])
    def run(self):
        while self.utility.uses < self.utility.budget:
            p1 = self.tournament()
            p2 = self.tournament()
            child = self.crossover(p1, p2)
            if child:
                self.pop.append(child)
            self.pop = sorted(self.pop, key=self.fitness, reverse=True)[:10]
        return self.pop[0]
def improve_algorithm(initial_solution, utility, language_model):
    return GA(language_model, utility, initial_solution).run()
""",
        {"genetic", "multi-round", "caching"},
    ),
    (
        """
from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code
def improve_algorithm(initial_solution, utility, language_model):
    cache = {}
    def evaluate(sol):
        if sol in cache: return cache[sol]
        cache[sol] = utility(sol)
        return cache[sol]
    def generate(sol, temp):
        n = language_model.max_responses_per_call
        responses = language_model.prompt("e", "Improve\\n" + sol, n_responses=n, temperature=temp)
        return [extract_code(r) for r in responses]
    beam, temp = [initial_solution], 0.9
    for _ in range(3):
        cands = []
        with ThreadPoolExecutor() as ex:
            futs = [ex.submit(generate, s, temp) for s in beam]
            for f in as_completed(futs):
                cands.extend(f.result())
        with ThreadPoolExecutor() as ex:
            scores = list(ex.map(evaluate, cands))
        ranked = sorted(zip(scores, cands), key=lambda x: x[0], reverse=True)
        beam = [s for _, s in ranked[:3]]
        temp *= 0.6
        if utility.uses >= utility.budget: break
    return beam[0]
""",
        {"multi-round", "temperature exploration", "caching", "beam search", "parallel evaluation"},
    ),
    (
        """
from helpers import extract_code
def improve_algorithm(initial_solution, utility, language_model):
    best, score = initial_solution, utility(initial_solution)
    history = ""
    for i in range(language_model.budget // 2):
        feedback = language_model.prompt("critic", "Criticise:\\n{}\\nscore {}".format(best, score))[0]
        prompt = "Fix using feedback: " + feedback + best + history
        new = extract_code(language_model.prompt("expert", prompt)[0])
        s = utility(new)
        history += f"attempt {i}: {s}\\n"
        if s > score:
            best, score = new, s
    return best
""",
        {"multi-round", "scores in prompts", "dropped limits", "self-critique"},
    ),
    (
        """
import math, random
from helpers import extract_code
def improve_algorithm(initial_solution, utility, language_model):
    def accept(old, new, T):
        if new > old: return True
        p = math.exp((new - old) / T)
        return random.random() < p
    cur, cu, T = initial_solution, utility(initial_solution), 1.0
    best, bu = cur, cu
    while T > 0.01:
        new = extract_code(language_model.prompt("e", f"Improve {cur}", temperature=0.7)[0])
        nu = utility(new)
        if accept(cu, nu, T): cur, cu = new, nu
        if nu > bu: best, bu = new, nu
        T *= 0.6
    return best
""",
        {"multi-round", "simulated annealing", "dropped limits"},
    ),
]


def found_in(source: str) -> dict[str, tuple[int, ...]]:
    found = strategies(source)
    assert found is not None
    return found


@pytest.mark.parametrize("name", POSITIVE)
def test_a_strategy_is_seen_where_it_is_used(name: str) -> None:
    assert [body for body in POSITIVE[name] if name not in found_in(improver(body))] == []


@pytest.mark.parametrize("name", NEAR)
def test_a_strategy_is_not_seen_where_something_resembles_it(name: str) -> None:
    assert [body for body in NEAR[name] if name in found_in(improver(body))] == []


def test_every_rule_has_both_kinds_of_program() -> None:
    tested = {*POSITIVE, "dropped limits"}
    assert tested == set(RULES) == {*NEAR, "dropped limits"}
    assert set(CIRCUMVENTIONS) <= set(RULES)


def test_the_programs_of_these_tests_are_python() -> None:
    for body in chain.from_iterable([*POSITIVE.values(), *NEAR.values()]):
        compile(improver(body), "improver", "exec")  # a SyntaxError shows the line


@pytest.mark.parametrize("number", ["9", "20 + 1"])
def test_limits_are_dropped_where_several_are_asked_for_and_none_is_read(number: str) -> None:
    assert found_in(UNLIMITED.format(number=number)) == {"dropped limits": (4, 5)}


@pytest.mark.parametrize(
    "number", ["min(language_model.max_responses_per_call, utility.budget)", "min(9, getattr(utility, 'budget'))"]
)
def test_limits_are_not_dropped_where_they_are_read(number: str) -> None:
    lines = found_in(UNLIMITED.format(number=number)).get("dropped limits", ())
    assert 5 not in lines
    assert (4 in lines) == ("max_responses" not in number)


def test_one_answer_and_one_score_need_no_limit() -> None:
    source = UNLIMITED.format(number=1).replace(
        "max(map(extract_code, responses), key=utility)", "utility(responses[0])"
    )
    assert found_in(source) == {}


def test_the_seeds_use_what_they_use_and_no_more() -> None:
    seeds = files("selftaught") / "seeds"
    assert found_in((seeds / "paper_seed.py").read_text()) == {}
    assert set(found_in((seeds / "seed.py").read_text())) == {"parallel evaluation"}


def test_the_example_improver_shows_the_strategies_of_its_kind() -> None:
    source = (Path(__file__).parents[1] / "examples/improver_t4_style.py").read_text()
    assert set(found_in(source)) == {"temperature exploration", "caching", "prompt variation", "multi-round"}


@pytest.mark.parametrize(("source", "used"), WHOLE)
def test_all_that_a_whole_improver_uses_is_seen_and_nothing_else(source: str, used: set[str]) -> None:
    assert set(found_in(source)) == used


def test_a_strategy_comes_with_its_lines() -> None:
    body = "best = initial_solution\nfor turn in range(3):\n    best = max(ask(best), key=utility)"
    assert found_in(improver(body)) == {"multi-round": (12,)}


def test_names_do_not_matter() -> None:
    source = """
def improve_algorithm(a, b, c):
    d = a
    for e in range(b.budget):
        f = c.prompt("", d, min(c.max_responses_per_call, 3))
        d = max(f, key=b)
    return d
"""
    assert set(found_in(source)) == {"multi-round", "self-critique"}


def test_what_does_not_parse_is_not_nothing_found() -> None:
    assert strategies("def (") is None
    assert strategies("") == {}


@pytest.mark.parametrize(
    "source", ["a" + ".b" * 5_000, "f" + "()" * 900, "x" + ".f()" * 400, "1" + "+1" * 900, "\0", "\ud800"]
)
def test_hostile_text_breaks_nothing(source: str) -> None:
    assert strategies(source) in (None, {})


def test_a_long_program_takes_no_long_time() -> None:
    calls = "".join(f"    x{i + 1} = f(x{i}) if x{i} else utility(x{i})\n" for i in range(800))
    assert strategies(f"def improve_algorithm(x0, utility, language_model):\n{calls}    return x9\n") == {}
