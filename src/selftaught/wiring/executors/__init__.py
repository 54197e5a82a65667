"""Where guests run: on this machine, or on the nodes of a cluster. An executor makes a `Sandbox` (sandbox/contract.py).

THEORY OF OPERATION, of a cluster

    driver ── the run: models, budgets, record, hidden data of what is graded here, improvers and their services
      │          (a sandbox of its own, in which the guests run that ask us for something)
      ├── actor on node A ── a sandbox of the same tier: zygotes, guests
      └── actor on node B ── the same

The engine (Ray) knows which nodes there are, starts our one process on each, carries bytes, and says when one is lost.
What a program may use is held by the sandbox on its node, next to it, as it would be here; what is counted is counted
by the driver. The calls of a score go to a node once, which keeps them under a name of their content. Calls go out and
outcomes come back as msgpack, and are checked as they are decoded: nothing of a guest's is ever unpickled, at no end.

A piece of work belongs to the driver's thread that waits for it. If its node is lost, that thread gives it to another
one: a program gets all of its calls again, from the first on, and what was handed on already is left out. So a program
that remembers its earlier calls is scored as if nothing had happened, and nothing is counted twice.

choice.py    which executor a name stands for
packets.py   what travels
node.py      what runs on a node: knows nothing of the engine
cluster.py   the `Sandbox` over many nodes: who gets what, and who gets it next
ray.py       all that is known of Ray
"""
