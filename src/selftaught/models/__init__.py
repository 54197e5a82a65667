"""Language models with one contract (`LanguageModel` in core/contracts.py).

served/      models on a server: OpenAI's protocol, Anthropic's, Google's
calling.py   a Python function, or a model that an installed package brings
relay.py     files in a folder, answered by anybody
mutate.py    needs no model and no key: random edits of the program in the prompt
edits.py     those edits, on the syntax tree
splicing.py  a changed syntax tree as a change of the text: text outside of markers stays
scripted.py  answers from a file: for tests, examples, demonstrations
replay.py    answers from a recording
prices.py    what a model's tokens cost: the user's word, else a published list
choose.py    from a name to a model, and why
waiting.py   what calls wait for, and since when
"""
