"""Everything that a run depends on, as one frozen value: made from presets, a TOML file and flags, kept in the run.

Precedence: flag > TOML file > preset > default. The values that change what a run computes are its identity: a run
is resumed only with the same ones. The caps, `max_connections` and how a model is asked may differ between starts.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from selftaught.core.budget import Allowance
from selftaught.core.errors import UsageError
from selftaught.core.money import Caps
from selftaught.models.served.asking import Manner
from selftaught.runs.toml import read_toml

Positive = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=1e9)]

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "quick": {"repeats": 2, "model_calls": 1, "responses": 3, "utility_calls": 4},
    "official": {"repeats": 5, "model_calls": 4, "responses": 6, "utility_calls": 25, "improver": "paper-seed",
                 "feedback": "off", "salvage": "off", "extract_code": "released"},
    "paper": {
        "repeats": 5, "model_calls": 6, "responses": 6, "utility_calls": 37, "depth": 4,
        "improver": "paper-seed", "accept": "paper", "feedback": "off", "salvage": "off", "extract_code": "released",
    },
}  # fmt: skip
"""Named settings. `official` is the released code's config.py, `paper` is Fig. A.20 with the T of §5.1."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """One run. See `selftaught run --help` for what each setting means; the names are the flags'."""

    kind: Literal["run", "improve", "chain", "bypass"] = "run"
    tasks: Annotated[list[str], Meta(min_length=1)]
    program: str | None = None
    improver: str = "seed"
    model: str = "auto"
    improver_model: str | None = None
    task_model: str | None = None
    base_url: str | None = None
    depth: Positive = 3
    repeats: Positive = 5
    proposals: Positive = 1000
    model_calls: Positive = 4
    responses: Positive = 6
    utility_calls: Positive = 25
    accept: Literal["paper", "better"] = "better"
    fidelity: Literal["honest", "released"] = "honest"
    feedback: Literal["on", "off"] = "on"
    salvage: Literal["on", "off"] = "on"
    extract_code: Literal["careful", "released"] = "careful"
    probes: bool = True
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    sandbox: str = "auto"
    max_connections: Positive = 32
    max_time_seconds: Seconds | None = None
    max_calls: Positive | None = None
    max_tokens: Positive | None = None
    max_cost: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    max_output_tokens: Positive | None = None
    temperature_policy: Literal["error", "drop"] = "error"
    capability: list[str] = []
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    timeout_seconds: Seconds = 600.0
    price: list[str] = []
    script: str | None = None
    preset: str = "default"

    @property
    def caps(self) -> Caps:
        """What the whole run may spend."""
        return Caps(self.max_calls, self.max_tokens, self.max_cost)

    @property
    def allowance(self) -> Allowance:
        """What one application of an improver may spend."""
        return Allowance(self.model_calls, self.responses, self.utility_calls)

    @property
    def manner(self) -> Manner:
        """How the model is asked."""
        return Manner(
            temperature_policy=self.temperature_policy,
            max_connections=self.max_connections,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            timeout_seconds=self.timeout_seconds,
            max_output_tokens=self.max_output_tokens,
        )


def make_config(flags: Mapping[str, Any], file: Path | None = None, preset: str | None = None) -> RunConfig:
    """Layer `flags` (those not None) over the TOML `file` over the preset. Raises UsageError, with what to do."""
    from_file = read_toml(file) if file else {}
    name = preset or from_file.get("preset", "default")
    if not isinstance(name, str) or name not in PRESETS:
        raise UsageError(f"no preset is called {name!r}; there are {', '.join(PRESETS)}{_nearest(name, PRESETS)}")
    given = {key: value for key, value in flags.items() if value is not None}
    return from_mapping({**PRESETS[name], **from_file, **given, "preset": name}, str(file or "the command line"))


def from_mapping(settings: Mapping[str, Any], source: str) -> RunConfig:
    """Check names and values. Raises UsageError naming the setting, what was wanted, and the nearest name."""
    known = RunConfig.__struct_fields__
    for key in settings:
        if key not in known:
            raise UsageError(f"{source}: unknown setting {key!r}{_nearest(key, known)}; settings: {', '.join(known)}")
    try:
        return msgspec.convert(settings, RunConfig)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {plainly(str(error), settings, RunConfig)}") from error


def _nearest(name: str, among: Any) -> str:
    close = get_close_matches(name, list(among), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def plainly(message: str, settings: Mapping[str, Any], of: type[msgspec.Struct]) -> str:
    """Say msgspec's "Expected X - at `$.depth`" as "depth: expected X, got 0"."""
    what, _, where = message.partition(" - at `$.")
    name = where.rstrip("`").split("[")[0]
    got = f", got {settings[name]!r}" if name in settings else ""
    choices = get_args(get_type_hints(of).get(name))
    if what.startswith("Invalid enum") and choices:
        what = f"Wanted {' or '.join(map(str, choices))}"
    what = (
        what.replace("`int | null`", "a whole number")
        .replace("`float | null`", "a number")
        .replace("`str | null`", "a text")
    )
    return f"{name}: {what[0].lower()}{what[1:]}{got}" if name else what
