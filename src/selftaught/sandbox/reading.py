"""What is read of an untrusted program's text is read in a guest: there it is bounded, whatever the text is."""

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Sandbox

_LIMITS = Limits(cpu_seconds=5.0, wall_seconds=30.0)
_READER = Program("""\
import ast

FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef

def bound(text):
    nodes = list(ast.walk(ast.parse(text)))
    names = {node.name for node in nodes if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}

def is_program(text, like):
    names = bound(text)
    try:
        wanted = {node.name for node in ast.parse(like).body if isinstance(node, FUNCTIONS)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return not wanted or bool(wanted & names)
""")


def is_program(sandbox: Sandbox, program: Program, *, like: Program) -> bool:
    """Whether it is Python, and defines one of the functions that `like` defines, if that defines any."""
    calls = [[program.source, like.source]]
    (outcome,) = sandbox.run(_READER, "is_program", calls, _LIMITS, seed=0)
    return outcome.verdict is Verdict.OK and outcome.value is True
