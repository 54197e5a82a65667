"""The price of a model's tokens: from the user, else from a published price list, which is imported on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selftaught.core.errors import UsageError
from selftaught.core.model_name import is_free, provider_and_model
from selftaught.core.money import FREE, Flat, Price

_WANTED = "wanted IN,OUT or MODEL=IN,OUT, in US dollars per million tokens, as in `price=0.4,1.6`"


@dataclass(frozen=True, slots=True)
class Listed:
    """The price list's own calculation for one model, with its tiers and its price for cached tokens."""

    model: str
    provider: str | None
    api_url: str | None
    source: str

    def dollars(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, /) -> float:
        return float(self.calculate(input_tokens, output_tokens, cached_tokens).total_price)

    def calculate(self, input_tokens: int, output_tokens: int, cached_tokens: int) -> Any:
        """Raises LookupError for a model that is not listed."""
        from genai_prices import Usage, calc_price

        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cached_tokens)
        if self.api_url is not None:
            return calc_price(usage, self.model, provider_api_url=self.api_url)
        return calc_price(usage, self.model, provider_id=self.provider)


def find_price(name: str, base_url: str | None, told: Sequence[str]) -> Price | None:
    """The price of the model called `name`, at `base_url` if that is not its provider's own; None if nobody knows.

    `told`: the user's prices, which come first. Raises UsageError for an invalid one.
    """
    prices = [_parse(text) for text in told]
    ours = _told(name, prices) or (FREE if is_free(name) else _told(None, prices))
    if ours is not None:
        return ours
    provider, model = provider_and_model(name)
    return _listed(model, None if base_url else provider, base_url) if provider and model else None


def _told(name: str | None, prices: Sequence[tuple[str | None, Flat]]) -> Flat | None:
    """The first that is told for this model; None: for every model that is not named, and not free."""
    return next((price for model, price in prices if model == name), None)


def _parse(text: str) -> tuple[str | None, Flat]:
    model, equals, figures = text.rpartition("=")
    try:
        given, made = (float(figure) for figure in figures.split(","))
        if not (0 <= given < 1e6 and 0 <= made < 1e6):
            raise ValueError
    except ValueError:
        raise UsageError(f"`price={text}`: {_WANTED}") from None
    return (model if equals else None), Flat(given, made, "own price")


def _listed(model: str, provider: str | None, api_url: str | None) -> Price | None:
    from importlib.metadata import version

    price = Listed(model, provider, api_url, f"genai-prices {version('genai-prices')}")
    try:
        price.calculate(1, 1, 0)
    except LookupError:
        return None
    return price
