"""Parity without noise: as with it."""

from selftaught.tasks.probes.parity_with_noise import FORMS, check

__all__ = ["FORMS", "check"]
