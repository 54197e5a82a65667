"""Where untrusted programs run: every solution and every improver.

THEORY OF OPERATION

    host ─────────── starts, trusts ───► [bubblewrap or container ►] zygote ── forks ──► guest, guest, …
    (keys, hidden data,   one control socket each       our code, warm,         one at a time, locked in before it
     budgets, clocks,                                   no secrets              reads the source it is to run
     grading)  ◄───────────────── one stream socket for each guest ─────────────────────►

The host (this process) holds everything worth stealing, and none of it goes in. The zygote is an interpreter of our
own, freshly exec'd with an empty environment and numpy loaded; it forks, reaps, and never reads what a guest writes.
Another one without numpy forks the guests of plain programs, once there are many: it holds less, and a copy costs less.
A guest is one forked child. It has no capabilities, no way to new privileges, and cannot be looked into: all that the
zygote gave up before. It applies Landlock, closes every descriptor but its socket, takes the limits, applies seccomp,
and only then reads the untrusted source. It may compute and use its socket.

Who may die when: a guest, at any time, by its own doing or ours; that costs one call. A zygote only with its host: it
sees the end of the control socket, and its guests die with it; bubblewrap kills the rest. If a zygote dies before
that, it is replaced, and what it was running is an error of ours (`SandboxError`), never a guest's score.

Each layer is described where it is made: tiers/ (what can be seen), guest/lock.py
(rlimits, capabilities, Landlock), filters/ (system calls), cgroups.py (memory and processes of a worker as a whole),
conversation.py (CPU time, memory and threads, order of messages), messages.py (their size and shape).

contract.py     what a sandbox promises
jail.py         the contract, over a few warm workers
worker.py       one zygote: starting it, getting guests from it
conversation.py the host's conversation with one guest: limits, verdicts
broker.py       answers a guest's requests, several at once
crew.py         the threads in which it does
serving.py      what a request costs the host, which its guest is charged
reading.py      what is read of the text of an untrusted program
history.py      what one application of an improver was answered so far
shown.py        which programs a prompt shows
machine.py      `Apply`: where an improver, its allowance and a sandbox meet
messages.py     what a guest sent, looked at before it is decoded
packing.py      calls and outcomes as bytes, for an executor that has programs run elsewhere
tiers/          the ways to start a zygote, one file each, and the layers of each
workshop.py     where a whole program is evaluated, with processes and a scratch folder: bubblewrap alone
provided.py     packages and files that guests may read
cgroups.py      limits on a worker as a whole, where they are writable
interpreter.py  which files the interpreter in the jail needs
canary.py       what must hold before the first guest runs
choice.py       probing the machine, taking the strongest tier that works
filters/        the system call filters
"""
