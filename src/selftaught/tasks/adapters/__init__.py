"""Tasks from other sources than task files: each becomes the text of a task file, which a run keeps like any other.

adapted.py     what an adapter gives
openevolve.py  a folder in OpenEvolve's format
function.py    a function in a repository, with a check of the repository's own
"""
