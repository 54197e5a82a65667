"""`selftaught view`: runs in a local web page, while they work.

server.py     the server: access, addresses, events
watched.py    the state of each run, updated from new records
pages.py      what each address shows
answering.py  what waits for a person, and how the page answers it
"""
