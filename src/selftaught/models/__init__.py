"""Language models: one file each, behind one contract (`LanguageModel` in core/contracts.py).

openai_chat.py  any server that speaks OpenAI's chat completions: hosted, a gateway, or local
endpoint.py     such a server: its URL, its key, what may be said of them
patience.py     when and how often a failed call is made again
prices.py       what a model's tokens cost: the user's word, else a published list
replay.py       answers from a recording
mutate.py       needs no model and no key: random edits of the program in the prompt
edits.py        those edits, on the syntax tree
scripted.py     answers from a file: for tests, examples, demonstrations
choose.py       from a name to a model, and why
"""
