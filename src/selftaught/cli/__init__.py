"""The command line: arguments in, text out. The only reader of environment variables.

app.py        the commands and their flags
actions.py    what each command does; imported when a command runs, so that --help stays fast
bounding.py   `selftaught bound`: a task's reference bound beside its seed
lending.py    which models a run uses, at what prices
stopping.py   Ctrl-C: the first stops cleanly, the second at once
progress.py   what is shown on stderr while a run goes on
tracing.py    --otel: whether a run is traced, and what is said if its spans did not arrive
printing.py   results on stdout, for people and as JSON
doctor.py     what this machine can do
"""
