"""The paper, and nothing else: no files, network, clock, randomness, threads or logging.

algorithm.py    Algorithm 1 and the meta-utility
acceptance.py   when I_t replaces I_{t-1}
standing.py     how far a score is on the way to the best known
measurement.py  how an improver is measured for the report: on val and on test
contracts.py    the nouns of the paper and the verbs that the rest of the house supplies
budget.py       what one application of an improver may spend
money.py        what the language model costs a run, and the caps on it
address.py      the name of each piece of work, from its content
comparing.py    the place of compared work, at which improvers share their draws of the model
ahead.py        what may be done before anybody asks for it
line.py         the order of those that wait for a core or a model
racing.py       when an improver is scored no further, since it cannot win any more
run_seed.py     what a run draws from: a number, and a salt that nobody can guess
text.py         untrusted text, made fit for one line; what identifies a text
within.py       a value of a context variable, for the time of a block
origin.py       where a program that an improver scores comes from
work.py         what a model is being asked for, and for which piece of work
varying.py      programs that may get another score each time
layout.py       what programs have in common that differ in comments and layout only
suspicion.py    suspicious facts about a program, for the person who supervises a run
feedback.py     what an improver may read of how an improver was scored
model_name.py   the name of a model, and its meaning
version.py      the version of this package
errors.py       every error raised on purpose, and whose fault it is
"""
