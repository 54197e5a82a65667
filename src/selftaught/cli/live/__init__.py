"""`selftaught view`: runs in a page of this machine's own, while they go on.

server.py     the server: who may ask it, its addresses, its events
watched.py    what is known of each run, read anew where it grew
pages.py      what each address shows
answering.py  what waits for a person, and how the page answers it
"""
