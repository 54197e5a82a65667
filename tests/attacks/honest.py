"""Programs that honest improvers and solutions are made of, and what they answer."""

from selftaught.sandbox.contract import Value

WORKS: dict[str, tuple[str, Value]] = {
    "linear-algebra": (
        """
        import numpy as np
        def f():
            a = np.arange(9.0).reshape(3, 3) + np.eye(3)
            q, r = np.linalg.qr(a)
            u, s, v = np.linalg.svd(a)
            solved = a @ np.linalg.solve(a, np.ones(3))
            return [np.allclose(q @ r, a), round(s.prod() / abs(np.linalg.det(a)), 6), np.allclose(solved, 1)]
        """,
        [True, 1.0, True],
    ),
    "fourier": (
        """
        import numpy as np
        def f():
            wave = np.sin(np.arange(64) * np.pi / 4)
            return [np.abs(np.fft.fft(wave))[:32].argmax(), np.fft.rfft(np.ones(8)).real]
        """,
        [8, [8.0, 0.0, 0.0, 0.0, 0.0]],
    ),
    "chance": (
        """
        import numpy as np, random
        def f():
            rng = np.random.default_rng(3)
            a = [bool(0 <= rng.random() < 1), rng.permutation(4).sum(), len(np.random.choice(9, 3))]
            return a + [random.Random(1).randint(1, 6), len(random.sample(range(9), 3)), random.shuffle([1])]
        """,
        [True, 6, 3, 2, 3, None],
    ),
    "sorting": (
        """
        import numpy as np, heapq, bisect, operator
        def f():
            a = [np.sort([3, 1, 2]), np.argsort([3, 1, 2]), sorted('bca', key=ord, reverse=True)]
            return a + [heapq.nsmallest(2, [3, 1, 2]), bisect.bisect([1, 2, 3], 2), max([1, 2], key=operator.neg)]
        """,
        [[1, 2, 3], [1, 2, 0], ["c", "b", "a"], [1, 2], 2, 1],
    ),
    "parts-of-numpy-not-loaded-before": (
        """
        import numpy as np
        def f():
            fit = np.polyfit([0, 1, 2], [1, 3, 5], 1).round(6)
            values, counts = np.unique([1, 2, 2], return_counts=True)
            return [fit, np.ma.masked_array([1, 2], [0, 1]).sum(), {'v': values, 'c': counts, 's': np.float32(1)}]
        """,
        [[2.0, 1.0], 1, {"v": [1, 2], "c": [1, 2], "s": 1.0}],
    ),
    "data-classes": (
        """
        from dataclasses import dataclass, field, asdict
        @dataclass(order=True)
        class P:
            x: int
            y: list = field(default_factory=list)
        def f(): return [asdict(P(1, [2])), P(1) < P(2), repr(P(1))]
        """,
        [{"x": 1, "y": [2]}, True, "P(x=1, y=[])"],
    ),
    "classes-of-the-standard-library": (
        """
        import abc, collections, enum, typing
        class N(typing.NamedTuple):
            a: int = 1
        class E(enum.Enum):
            A = 1
        class B(abc.ABC):
            @abc.abstractmethod
            def g(self): ...
        class T(typing.TypedDict):
            a: int
        def f():
            try: B()
            except TypeError: abstract = True
            hint = typing.get_type_hints(N)['a'].__name__
            return [N(), E(1).name, abstract, T(a=1), collections.Counter('aab'), collections.deque([1]).pop(), hint]
        """,
        [[1], "A", True, {"a": 1}, {"a": 2, "b": 1}, 1, "int"],
    ),
    "regular-expressions": (
        r"""
        import re
        def f(): return [re.findall(r'\d+', 'a1b22'), re.sub('a', 'b', 'aa'), re.match(r'(?P<x>.)', 'q')['x']]
        """,
        [["1", "22"], "bb", "q"],
    ),
    "its-own-source": (
        """
        import inspect
        def g(): return 1
        def f(): return [inspect.getsource(g), list(inspect.signature(f).parameters), g.__module__]
        """,
        ["def g(): return 1\n", [], "program"],
    ),
    "recursion": ("def g(n): return n and 1 + g(n - 1)\ndef f(): return g(900)", 900),
    "deeper-recursion-by-its-own-leave": (
        """
        import sys
        sys.setrecursionlimit(20_000)
        def g(n): return n and 1 + g(n - 1)
        def f(): return g(5_000)
        """,
        5_000,
    ),
    "modules-not-loaded-before": (
        """
        def f():
            import array, ast, base64, calendar, cmath, contextlib, csv, datetime, decimal, fractions, graphlib
            import hashlib, html, io, pprint, secrets, statistics, struct, urllib.parse, uuid, zlib
            import xml.etree.ElementTree as tree
            return [
                str(decimal.Decimal(1) / 8), str(fractions.Fraction(2, 4)), statistics.median([1, 5, 3]),
                datetime.date(2024, 2, 29).isoformat(), calendar.isleap(2024), list(csv.reader(['a,b'])),
                hashlib.sha256(b'').hexdigest()[:8], zlib.decompress(zlib.compress(b'x')), cmath.sqrt(-1).imag,
                list(graphlib.TopologicalSorter({1: [2]}).static_order()), tree.fromstring('<a b="c"/>').get('b'),
                ast.literal_eval('[1]'), len(secrets.token_bytes(4)), io.StringIO('x').read(),
            ]
        """,
        ["0.125", "1/2", 3, "2024-02-29", True, [["a", "b"]], "e3b0c442", b"x", 1.0, [2, 1], "c", [1], 4, "x"],
    ),
    "a-database-in-memory": (
        """
        import sqlite3
        def f():
            database = sqlite3.connect(':memory:')
            database.execute('create table t (x)')
            database.executemany('insert into t values (?)', [(1,), (2,)])
            return database.execute('select sum(x) from t').fetchone()
        """,
        [3],
    ),
    "sleep-and-clocks": (
        """
        import time
        def f():
            began = time.perf_counter()
            time.sleep(0.02)
            return [0.01 < time.perf_counter() - began < 5, time.time() > 1e9, time.process_time() > 0]
        """,
        [True] * 3,
    ),
    "generators-and-caches": (
        """
        import functools, itertools
        @functools.lru_cache(None)
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        def g():
            got = yield 1
            yield got
        def f():
            i = g()
            return [next(i), i.send(5), fib(80), itertools.islice(itertools.count(), 3).__next__(), (n for n in (1, 2)),
                    range(3), {1: 2}.keys(), map(abs, [-1])]
        """,
        [1, 5, 23416728348467685, 0, [1, 2], [0, 1, 2], [1], [1]],
    ),
    "imports-of-what-it-may-not-use": (
        """
        import asyncio, ctypes, logging, multiprocessing, socket, subprocess, tempfile, threading
        def f(): return 'fine'
        """,
        "fine",
    ),
    "warnings-logging-printing": (
        """
        import logging, sys, warnings
        def f():
            warnings.warn('w')
            logging.warning('w')
            print('p', flush=True)
            print('e', file=sys.stderr)
            sys.stdout.write('x')
            return sys.stdin.read()
        """,
        "",
    ),
    "big-integers": (
        """
        import math
        def f(): return [2**63 - 1, -2**63, 2**64 - 1, math.factorial(200) % 10**9, len(str(7**3000))]
        """,
        [2**63 - 1, -(2**63), 2**64 - 1, 0, 2536],
    ),
    "nested-answers": (
        """
        import numpy as np
        def f():
            parts = {'c': [True, b'x', 'ü'], 'd': np.eye(2), 'e': [np.int64(3), np.bool_(True), np.array(1.5)]}
            return {'a': [1, (2.5, None)], 'b': parts}
        """,
        {"a": [1, [2.5, None]], "b": {"c": [True, b"x", "ü"], "d": [[1.0, 0.0], [0.0, 1.0]], "e": [3, True, 1.5]}},
    ),
    "pickling-and-copying-its-own": (
        """
        import copy, json, pickle
        class C:
            def __init__(self, x): self.x = x
        def f():
            return [pickle.loads(pickle.dumps(C(3))).x, copy.deepcopy(C([1])).x, json.loads(json.dumps({'a': [1.5]}))]
        """,
        [3, [1], {"a": [1.5]}],
    ),
    "no-main": ("if __name__ == '__main__': raise SystemExit('a script')\ndef f(): return __name__", "program"),
    "its-own-seed": (
        """
        import numpy, random
        random.seed(5); numpy.random.seed(5)
        def f(): return [random.randrange(100), int(numpy.random.randint(100))]
        """,
        [79, 99],
    ),
    "exec-and-eval": (
        """
        def f():
            space = {}
            exec('def g(x): return x + 1', space)
            return [space['g'](1), eval('2 * 3')]
        """,
        [2, 6],
    ),
    "a-deadline-of-its-own": (
        """
        import signal
        class Late(Exception): pass
        def ring(*ignored): raise Late
        def f():
            signal.signal(signal.SIGALRM, ring)
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                while True: sum(range(100))
            except Late: return 'in time'
        """,
        "in time",
    ),
}
