"""A run as OpenTelemetry spans, for any platform that takes OTLP. Imported only when a run is to be traced.

names.py    the names of all attributes, and the conventions that they come from: none of these is stable yet
spans.py    how a span is opened, what it may contain, and how errors are handled
attempts.py  what became of a model call before it was answered: failed attempts and waits, as events of its span
seams.py    wrappers of the three seams: a span for each model call, evaluation and application that is really made
run.py      the span of a run, and one for each iteration: both read from what is put on record
variables.py  OpenTelemetry's own environment variables: which are heeded, which are refused by name
otlp.py     sending spans over HTTP, in the background; a receiver that is down costs the run nothing

The wrappers stand inside the recorder: what an earlier start has on record is not done again, and has no span.
"""
