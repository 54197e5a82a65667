"""The command line: arguments in, text out. The only reader of environment variables.

app.py         the commands and their flags
options.py     flags, made from the declarations of settings in config.py
demo.py        `selftaught demo`
terminal.py    what every command shares: exit codes, lines on stderr, the environment, the sandbox
actions.py     what most commands do; imported when a command runs, so that --help stays fast
in_place.py    `improve --in-place`
looking.py     show, runs, export, report: they load nothing that runs a run
candidates.py  what a run tried: show --candidates, --responses, ID; diff
comparing.py   `selftaught compare`: runs beside each other
live/          `selftaught view`: runs in a page while they work
task_list.py   `selftaught tasks`: the built-in tasks
plugin_list.py  `selftaught plugins`: what installed packages bring
own_tasks.py   `selftaught new` and `selftaught check`
improvers.py   `selftaught improvers`: built in, of packages, and kept by the user
bound.py       `selftaught bound`: a task's reference bound beside its seed
probe.py       `selftaught probe`: reward hacks
experiment.py  `selftaught experiment`
experiment_progress.py  the progress of an experiment on stderr
experiment_tables.py    its tables on a screen
experiments.py  `selftaught experiments`: the list of them, and the report of one
cluster.py     what happens to the nodes of a cluster, on stderr
doctor.py      what this machine can do
stopping.py    Ctrl-C: the first stops cleanly, the second at once
approving.py   a person is asked whether a proposal is taken
progress.py    the progress of a run on stderr
otel.py        --otel: whether a run is traced, and the message if its spans do not arrive
printing.py    results on stdout, for people and as JSON
"""
