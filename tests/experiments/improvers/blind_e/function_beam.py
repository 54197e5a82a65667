"""A beam of whole programs; each round rewrites one function (found with ast) of every program in the beam."""
import ast

from helpers import extract_code


def functions(code):
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return {}
    return {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}


def source_of(code, node):
    first = min([node.lineno] + [d.lineno for d in node.decorator_list])
    return "\n".join(code.splitlines()[first - 1:node.end_lineno])


def transplant(code, name, donor):
    """code, with its definition of `name` replaced by the one in donor"""
    mine, theirs = functions(code).get(name), functions(donor).get(name)
    if mine is None or theirs is None:
        return None
    lines = code.splitlines()
    first = min([mine.lineno] + [d.lineno for d in mine.decorator_list])
    new = lines[:first - 1] + source_of(donor, theirs).splitlines() + lines[mine.end_lineno:]
    text = "\n".join(new) + "\n"
    try:
        ast.parse(text)
    except SyntaxError:
        return None
    return text


class FunctionBeam:
    width = 3

    def __init__(self, initial, utility, model):
        self.u, self.m = utility, model
        self.names = list(functions(initial)) or [None]
        self.beam = [(utility(initial), initial)]
        self.best = self.beam[0]

    def message(self, code, name):
        return (f"A program has several functions. Rewrite only `{name}`, so that the program's score rises. "
                f"Keep its signature.\n\nThe objective:\n{self.u.str}\n\nThe function:\n```python\n"
                f"{source_of(code, functions(code)[name])}\n```\n"
                f"Return just the new `{name}` in a python code block.")

    def round(self, name):
        cap = self.m.max_responses_per_call
        members = [c for _, c in self.beam if name in functions(c)]
        if not members:
            return
        per = max(1, min(2, cap // len(members)) if len(members) > 1 else min(4, cap))
        parents = [c for c in members for _ in range(per)][:cap]
        replies = self.m.batch_prompt("You rewrite single functions.", [self.message(c, name) for c in parents],
                                      temperature=0.7)
        children = []
        for parent, reply in zip(parents, replies):
            donor = extract_code(reply, like=parent)
            child = transplant(parent, name, donor) if donor else None
            if child and self.u.uses < self.u.budget:
                children.append((self.u(child), child))
        self.beam = sorted(self.beam + children, key=lambda x: x[0], reverse=True)[:self.width]
        if self.beam[0][0] > self.best[0]:
            self.best = self.beam[0]

    def run(self):
        i = 0
        tries = 0
        while self.m.times_used < self.m.budget and self.u.uses < self.u.budget and tries < 200:
            name = self.names[i % len(self.names)]
            i += 1
            tries += 1
            if name is None:
                break
            self.round(name)
        return self.best[1]


def improve_algorithm(initial_solution, utility, language_model):
    return FunctionBeam(initial_solution, utility, language_model).run()
