import asyncio
from dataclasses import dataclass

from helpers import extract_code

PANEL = [
    ("You are a competitive programmer who knows every metaheuristic.",
     "Forget elegance. Rewrite this so that it wins on score, within its time limit."),
    ("You are a professor of combinatorial optimization.",
     "Which known algorithm solves this problem best? Implement that algorithm in place of the one below."),
    ("You are a performance engineer.",
     "Find the wasted work in the program below, remove it, and use the time won for more search."),
    ("You are a sceptical code reviewer.",
     "List silently the bugs and weak choices of this program, and then write the program without them."),
]


@dataclass
class Entry:
    code: str
    persona: int
    score: float = float("-inf")


async def score_all(entries, utility, at_once=4):
    gate = asyncio.Semaphore(at_once)

    async def one(e):
        async with gate:
            e.score = await asyncio.to_thread(utility, e.code)

    await asyncio.gather(*(one(e) for e in entries))


def improve_algorithm(initial_solution, utility, language_model):
    width = min(3, language_model.max_responses_per_call)
    results = [Entry(initial_solution, -1)]
    asyncio.run(score_all(results, utility))
    turn = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        who = turn % len(PANEL)
        turn += 1
        expertise, task = PANEL[who]
        text = task + "\n\n```python\n" + initial_solution + "\n```\nReply with one complete python code block."
        answers = language_model.prompt(expertise, text, n_responses=width, temperature=0.9)
        fresh = [Entry(c, who) for c in map(extract_code, answers) if c]
        fresh = fresh[: utility.budget - utility.uses]
        asyncio.run(score_all(fresh, utility))
        results.extend(fresh)
    return max(results, key=lambda e: e.score).code
