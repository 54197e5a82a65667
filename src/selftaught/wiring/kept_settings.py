"""The settings of a run, as its folder keeps them. Quick to import, for commands that only show runs."""

from collections.abc import Iterable

import msgspec

from selftaught.config import RunConfig, from_mapping, read_toml
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Record, Session

RAISED_OF_KIND = {"run": ("depth",), "improve": ("model_calls", "utility_calls")}
"""What a later start may raise."""
OF_BEFORE = {"common_draws": "off", "share_scores": "text"}
"""Settings that an older run does not name: it continues without them."""


def frozen_config(folder: RunFolder) -> RunConfig:
    """The settings that the run started with. Raises UsageError; RecordError for a folder without a run."""
    folder.check_plain()
    return config_of(folder)


def config_of(folder: RunFolder) -> RunConfig:
    """The same for a folder that was checked already, for example because its store is open."""
    settings = {**OF_BEFORE, **read_toml(folder.config)}
    return from_mapping(settings, str(folder.config))


def in_force(config: RunConfig, records: Iterable[Record]) -> RunConfig:
    """The settings with what the last start had raised: the frozen ones are those of the first."""
    for name in RAISED_OF_KIND.get(config.kind, ()):
        told = [getattr(record, name) for record in records if isinstance(record, Session)]
        config = msgspec.structs.replace(config, **{name: max([getattr(config, name), *told])})
    return config
