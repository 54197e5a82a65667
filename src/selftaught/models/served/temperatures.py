"""Which temperatures one model accepts, and the replacement of one that it does not.

Guests choose temperatures; the host adjusts them to the model. The table of capabilities has what is known of it,
and a server that refuses one reports more.
"""

import re
import threading

_COOLEST_ABOVE_NONE = 0.01
"""Asked in the place of 0 where only more than 0 is taken."""
_USUAL_HIGHEST = 1.0


class Temperatures:
    """From 0 to `highest`; None where none is taken. `drop`: then it may be asked without one. From any thread."""

    def __init__(self, highest: float | None, drop: bool) -> None:
        self._lock = threading.Lock()
        self._lowest, self._highest, self._drop = 0.0, highest, drop

    def asked(self, wanted: float) -> float | None:
        """The nearest to `wanted` that is accepted; None: no temperature is sent."""
        with self._lock:
            return None if self._highest is None else max(self._lowest, min(wanted, self._highest))

    @property
    def taken(self) -> str:
        """For people."""
        with self._lock:
            if self._highest is None:
                return "it is called without one"
            return f"it is called with {self._lowest:g} to {self._highest:g}"

    def learn(self, refused: float | None, words: str) -> bool:
        """From the words with which a server refused a temperature. Whether another one may be asked instead."""
        with self._lock:
            if refused is None or self._highest is None:
                return False
            if not self._lowest <= refused <= self._highest:
                return True  # learned meanwhile, from another call's refusal
            if refused == 0 and self._lowest == 0 and re.search(r"positive|greater|\(0|> ?0|above", words):
                self._lowest = _COOLEST_ABOVE_NONE
                return True
            named = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", words) if len(one) < 8]
            cooler = [one for one in [*named, _USUAL_HIGHEST] if 0 < one < refused]
            if cooler:
                self._highest = max(cooler)
            elif self._drop:
                self._highest = None
            return bool(cooler) or self._drop


def changed(wanted: float, asked: float | None) -> str:
    """The note for the record: "temperature=1.5" if none was sent, "temperature=1.5 as 1" if another; else ""."""
    if asked == wanted:
        return ""
    return f"temperature={wanted:g}" if asked is None else f"temperature={wanted:g} as {asked:g}"
