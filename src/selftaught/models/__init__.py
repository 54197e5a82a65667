"""Language models: one file each, behind one contract (`LanguageModel` in core/contracts.py).

openai_chat.py         any server that speaks OpenAI's chat completions: hosted, a gateway, or local
anthropic_messages.py  Anthropic's own API, through its SDK
google_gemini.py       Google's own API, through its SDK
calling.py             a Python function, or a model that an installed package brings
relay.py               files in a folder, answered by whoever has it
mutate.py              needs no model and no key: random edits of the program in the prompt
edits.py               those edits, on the syntax tree
scripted.py            answers from a file: for tests, examples, demonstrations
replay.py              answers from a recording

What those that call a server share, in the order of a call:

capabilities.py        what each model takes: temperature, several responses, a seed
asking.py              how prompts become calls, and what the model is told
patience.py            when and how often a failed call is made again
traffic.py             how many calls go out at once, and how many a minute
http.py                the HTTP client under an SDK: one deadline, a largest answer
failures.py            what a failure means: again or not, and what the user is told
endpoint.py            a server's URL and key, and what may be said of them
prices.py              what a model's tokens cost: the user's word, else a published list
providers.py           the table of servers: names, URLs, variables
choose.py              from a name to a model, and why
"""
