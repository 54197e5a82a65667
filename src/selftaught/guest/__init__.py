"""The guest's side: code that runs inside the sandbox. It imports nothing of the house.

helpers.py    what improvers import: `from helpers import extract_code` (the host uses it too)
wire.py       the messages between host, warm interpreter and guest (the host uses it too)
interface.py  what an improver holds: `utility` and `language_model`
lock.py       the system calls by which a guest is locked in
program.py    loads a program and answers calls: all that a guest does
zygote.py     the warm interpreter from which each guest is forked
"""
