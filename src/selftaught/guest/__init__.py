"""The guest's side: code that runs inside the sandbox. It imports nothing of the house.

helpers.py    what improvers import: `from helpers import extract_code`
responses.py  the program in a model's response (the host reads by it too), and what it needs:
reasoning.py  a response without its reasoning
blocks.py     its fenced blocks
patches.py    the changes that it shows
outline.py    whether a text is Python, and what it defines; hostile text is bounded here
wire.py       the messages between host, warm interpreter and guest (the host uses it too)
interface.py  what an improver holds: `utility` and `language_model`
event_loop.py what asyncio runs on in a guest
lock.py       the system calls by which a guest is locked in
workshop.py   where a whole program is evaluated: run by itself, as a script
program.py    loads a program and answers calls: all that a guest does
warm.py       what guests find imported, and which programs need no more than the least
memory.py     sets out the warm interpreter's memory, so that a copy of it costs little
zygote.py     the warm interpreter from which each guest is forked
"""
