"""What every call passes through on its way to the real thing, and what stops a run.

recorder.py  the record as the wrappers use it: addresses, what is on record under them, what is new
on_record.py what is on record, found by its address: a run does not keep its record in memory
recorded.py  wrappers of the seams that write each piece of work, and answer from the record on resume
common_draws.py  draws of a model that improvers which are compared have in common: bought once
ahead.py     work that nobody asked for yet, on idle threads; it is dropped where it fails
unusable.py  why a response holds no program, in one of a few words
gate.py      one switch that stops a run: an interrupt, a deadline, or a failure of ours anywhere in it
run_budget.py     hard caps on what a run spends: reserved before each attempt, settled after it
by_response.py    what a call cost, divided among its responses
probed.py    the sealed test, which also probes a solution for reward hacks
threads.py   a `map` in threads: everything independent waits at the same time
tracing/     a run as OpenTelemetry spans: what really passes through is observed, and nothing is changed
"""
