"""Builds one run from its settings: the package that knows every part by name.

inputs.py     what a run depends on: loaded from what the user named, or from a run folder; and frozen into one
machine.py    this machine's speed, as improvers see it
choosing.py   the models that the settings name, with their prices
models.py     the language models of a run, one for each role, and their spending
accepting.py  whether a proposal is accepted: by the policy, and by a person if one is asked
executors/    where guests run: this machine, or the nodes of a cluster
stack.py      the wrappers of the model, utilities and improvers, and their order
parts.py      how the parts are put together: read it to see how a run is made
kept_settings.py
              the settings of a run, as its folder keeps them
going_on.py   what a later start may raise
improving.py  `improve`: nothing found is lost, and a larger budget continues a run
kinds.py      what each kind of run does
run.py        one run: start, resume, and the work of one start
forecast.py   what a run can cost, and is expected to, before anything is spent
replay.py     a recorded run again, without a model
recorded_answers.py
              the responses that a run or a recording holds, as a model
checking.py   does a task work, before anything is spent
checkup.py    `selftaught check`: what can be known of a task before it costs anything
correcting.py a task's file corrected in the middle of a run
traced.py     the description of a run in a trace
probing.py    a solution judged by the grades on its task's probes
racing.py     how many repeats a candidate improver gets under the meta-utility
version.py    which code computes: the version, and a hash of what decides what a run computes
scoring.py    one program's score outside of any run
installed.py  the plugins of installed packages, compared with built-in names
"""
