"""Models on a server.

openai_chat.py         any server that speaks OpenAI's chat completions: hosted, a gateway, or local
anthropic_messages.py  Anthropic's own API, through its SDK
google_gemini.py       Google's own API, through its SDK
providers.py           the table of servers: names, URLs, variables

What they share, in the order of a call:

capabilities.py        what each model takes: temperature, several responses, a seed
asking.py              how prompts become calls, and their parameters
retrying.py            when and how often a failed call is made again
traffic.py             how many calls go out at once, and how many a minute
http.py                the HTTP client under an SDK: one deadline, a largest answer
posting.py             how a request reaches a server: straight, or by that client
json_size.py           what a server's JSON becomes, weighed before it is decoded
temperatures.py        which temperatures a model accepts, and the replacement of others
stream.py              answers that come in pieces; other_streams.py: those of Anthropic and Google
thoughts.py            a model's reasoning, apart from its answer
error_body.py          a server's description of a failure: its words, codes and numbers, in any body
meaning.py             what that means: the one classifier, for every server
failures.py            what follows: an answer, another attempt, or an end with advice
endpoint.py            a server's URL and key, and what may be shown of them
"""
