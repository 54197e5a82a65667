"""The record: what happened in a run, put there before it is used (laws 4 and 5 of docs/architecture.md).

records.py    the kinds of finished work, plain frozen fields
store.py      run.sqlite: one writer thread, texts once by hash, schema versions
recording.py  a run as one small file, and back
provenance.py  an improver with its origin, in one file
salt.py       the salt of a seed that a person chose
folder.py     the files of a run folder, finding runs by name
"""
