"""What many runs say together, and what improvers turn into: the paper's claims, measured and with their uncertainty.

design.py       what an experiment is: cells, each an ordinary run, and a result that is a pure function of them
curve.py        Fig. 4: the meta-utility on test against t
transfer.py     Table 1: trained on one task, evaluated on others
baselines.py    §5.1: improvers side by side at equal budget
sandbox_bypass.py        Table 2: how often the sandbox is switched off
proposed_strategies.py   §6: which strategies proposed improvers use, and what became of them
suite.py        improvers on the tasks with headroom, in numbers to be quoted
suite_version.py    what these depend on, fixed; references.zip has the programs that their scale comes from
imp_at_k.py     the gain after k applications of a frozen improver

side_by_side.py     improvers with models, in equal trials: cells, pairs and race of baselines.py and suite.py
racing.py       which arms still can win

arms.py         what is compared, pair by pair, with what it cost
spending.py     how far arms are when they have spent as much, in three currencies
power.py        how many trials would be needed, from a pilot

first_questions.py  what arms certainly ask alike
forecasting.py  what an experiment can cost, before anything is spent
listing.py      which experiments there are, and how far each has come
conducting.py   an experiment's runs, new and resumed
shared_inputs.py    what an experiment depends on, kept in its folder
results.py      what its runs say together, in files
labels.py       proposals labelled by a model

strategies.py   which strategies an improver follows, and which circumventions it tries, by what it did
choices.py      which program each of its questions is about, and how that was chosen
wording.py      which of its questions are worded alike
traces.py       what it did: asked, shown, scored, returned; read from a run's record
rehearsal.py    the same of an improver that is run for that purpose, against a model that is made for it
kept_rehearsals.py   these in the experiment's folder
older_interface.py   improvers of the paper's earlier interfaces, made to run in a rehearsal

bypass.py       whether an improver switches its sandbox off: by the paper's rule, and by a stricter one
circumventions.py    other ways around its limits, in its text
reading.py      a program's names, read once

Programs are hostile text. They are parsed outside of any run, in a process of its own (`selftaught/bounded.py`), and
executed in the sandbox alone.
"""
