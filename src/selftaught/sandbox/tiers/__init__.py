"""The ways to start a zygote, one file each.

tier.py        what a tier is: a command line, and layers
bubblewrap.py  namespaces and an empty root around the lock: the strongest
landlock.py    the lock alone
container.py   docker or podman around the lock
unsafe.py      no isolation
"""
