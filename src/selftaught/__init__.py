"""Self-Taught Optimizer (arXiv 2310.02304): a program that improves programs, and then itself.

This file stays empty of imports: the sandbox's interpreter loads it inside the jail.
"""

__version__ = "0.1.0"
