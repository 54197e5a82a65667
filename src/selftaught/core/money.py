"""What the language model costs a whole run, and the caps on it. Dollars are US dollars."""

from dataclasses import dataclass
from typing import Protocol

from selftaught.core.contracts import Completion


@dataclass(frozen=True, slots=True)
class Amount:
    """Attempts to get a response, tokens in and out together, and dollars."""

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.calls + other.calls, self.tokens + other.tokens, self.dollars + other.dollars)

    def __mul__(self, times: int) -> "Amount":
        return Amount(self.calls * times, self.tokens * times, self.dollars * times)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.calls - other.calls, self.tokens - other.tokens, self.dollars - other.dollars)


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that a run may spend over all of its starts; None is without limit."""

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None

    def passed_by(self, amount: Amount) -> str:
        """The first cap that `amount` is beyond, as its flag with its value; "" if none is."""
        if self.calls is not None and amount.calls > self.calls:
            return f"`max_calls={self.calls}`"
        if self.tokens is not None and amount.tokens > self.tokens:
            return f"`max_tokens={self.tokens}`"
        if self.dollars is not None and amount.dollars > self.dollars * (1 + 1e-9):  # sums of cents are not exact
            return f"`max_cost={self.dollars:g}`"
        return ""

    @property
    def need_bound(self) -> bool:
        """Whether a response must have a bound before it is requested, so that its maximum can be reserved."""
        return self.tokens is not None or self.dollars is not None


class Price(Protocol):
    """What a model's tokens cost."""

    @property
    def source(self) -> str:
        """A price list with its version, or the user's own word."""
        ...

    def dollars(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, /) -> float:
        """For one response. `cached_tokens` are part of `input_tokens`."""
        ...


@dataclass(frozen=True, slots=True)
class Flat:
    """A price per million tokens in and out. Implements `Price`."""

    input: float
    output: float
    source: str

    def dollars(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, /) -> float:
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


FREE = Flat(0.0, 0.0, "free")


@dataclass(frozen=True, slots=True)
class Tariff:
    """How one model's responses are bounded and paid. `price` is None if it is unknown.

    `counts_tokens` is False for models that are not language models, and have no tokens.
    """

    price: Price | None = FREE
    most_output_tokens: int | None = None
    counts_tokens: bool = True

    def most(self, prompt_bytes: int) -> Amount:
        """The most that one response to a prompt of so many UTF-8 bytes can cost: no token is less than a byte."""
        if not self.counts_tokens:
            return Amount(calls=1)
        given = prompt_bytes + OVERHEAD_TOKENS
        made = self.most_output_tokens or 0
        return Amount(1, given + made, self.price.dollars(given, made) if self.price else 0.0)

    def of(self, completion: Completion, most: Amount) -> tuple[Amount, float | None, str]:
        """What a response cost, its dollars for the record, and the source of its price.

        The provider's own price comes first. An unknown count is taken at its maximum, if the response has a bound;
        else its dollars are unknown.
        """
        known = completion.input_tokens is not None and completion.output_tokens is not None
        given, made = completion.input_tokens or 0, completion.output_tokens or 0
        tokens = given + made if known else most.tokens
        if completion.cost is not None:
            return Amount(1, tokens, completion.cost), completion.cost, completion.price_source or "provider"
        if self.price is None:
            return Amount(1, tokens), None, ""
        if not known and self.most_output_tokens is None and self.counts_tokens and most.dollars:
            return Amount(1, tokens, most.dollars), None, ""
        if not known:
            source = self.price.source if most.dollars == 0 else f"at most, by {self.price.source}"
            return Amount(1, tokens, most.dollars), most.dollars, source
        dollars = self.price.dollars(given, made, min(completion.cached_tokens or 0, given))
        return Amount(1, tokens, dollars), dollars, self.price.source


OVERHEAD_TOKENS = 64
"""Of a chat's frame around its two texts: roles, separators."""
