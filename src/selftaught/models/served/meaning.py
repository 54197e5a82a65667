"""The meaning of a server's failure: one classifier, by status, code, parameter and words, for all servers.

The signs below are published error codes and messages; tests/models/server_errors.jsonl has the bodies that they were
taken from.
What an attempt's failure is about decides what follows: about the guest's prompt, it is an answer; about our own
parameters, the key or the account, the run ends with advice; about the server's state, it is tried again.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from selftaught.models.served.error_body import ServerError


class Meaning(StrEnum):
    """What a failed answer is about."""

    TOO_LONG = "too long"  # the prompt, for this model
    REFUSED = "refused"  # the prompt, by a filter
    KEY = "key"
    NOTHING_LEFT = "nothing left"  # in the account: waiting does not help
    UNKNOWN_MODEL = "unknown model"
    TEMPERATURE = "temperature"
    OUTPUT_LIMIT = "output limit"  # our own max_output_tokens, for any prompt
    PARAMETER = "parameter"  # another one of ours
    BUSY = "busy"  # too many calls, or an overload: all calls wait
    BROKEN = "broken"  # may pass
    WRONG = "wrong"  # will not pass, and has no known reason


@dataclass(frozen=True)
class _Sign:
    """Speaks for a meaning: a code, or words (a regular expression, any case), at one of these statuses (none: any)."""

    meaning: Meaning
    codes: frozenset[str] = frozenset()
    words: str = ""
    statuses: frozenset[int] = frozenset()

    def seen(self, said: ServerError) -> bool:
        if self.statuses and said.status not in self.statuses:
            return False
        if self.codes & said.codes:
            return True
        return bool(self.words) and re.search(self.words, said.words, re.IGNORECASE) is not None


def _sign(meaning: Meaning, codes: str = "", words: str = "", statuses: str = "") -> _Sign:
    return _Sign(meaning, frozenset(codes.split()), words, frozenset(map(int, statuses.split())))


_LIMIT = r"max_?(completion_|output_|new_)?tokens"
_SIGNS = (
    _sign(Meaning.KEY, "invalid_api_key api_key_invalid authentication_error",
          r"api key not valid|(incorrect|invalid|missing|no) (api key|auth credentials|api token)"),
    _sign(Meaning.NOTHING_LEFT, "insufficient_quota billing_error insufficient_credits insufficient_balance arrearage "
          "billing_hard_limit_reached payment_required",
          r"insufficient (balance|credits|funds)|credit balance is too low|spending limit|not enough credits"),
    _sign(Meaning.UNKNOWN_MODEL, "model_not_found modelnotfound deploymentnotfound invalid_model not_found_error",
          r"invalid model name|not a valid model|model not (found|exist)|model \S+ (was |is )?not found"
          r"|model .{0,80}does ?n[o']t exist|try pulling it first|unknown model|model identifier is invalid"),
    _sign(Meaning.TOO_LONG, "context_length_exceeded context_window_exceeded context_exceeded "
          "exceed_context_size_error input_too_large request_too_large string_above_max_length payload_too_large "
          "max_tokens_per_request", r"^request too large"),
    _sign(Meaning.TOO_LONG, "",
          r"contextwindowexceeded|input_too_large|(maximum|max|available|allowed|configured|model's) "
          r"(context|prompt|sequence|input|model) (length|size|window|limit)"
          r"|(maximum|max) length (of|is|allowed|\()"
          r"|context (length|limit|window|size)\W*(of|exceed|\()|exceeds? (the )?(available |maximum |model's )?context"
          r"|(input|prompt|request|message)s? (is |are )?too (long|large|big)"
          r"|too (long|large) for (requested |the |this )?(model|[\w.-]+ in organization)"
          r"|longer than the (model's|maximum)|(input|prompt) token count|too many (input )?tokens"
          r"|exceed the configured limit|exceeds (the )?(maximum|limit|budget)\W.{0,40}token"
          r"|range of input length|must have less than \d+ tokens|inputs` tokens|maximum prompt length"
          r"|reduce the length of the (messages|prompt|input)|tokens (in|of) .{0,20}exceed"
          rf"|{_LIMIT} must be at least 1, got -",  # vLLM subtracts the prompt from its window
          "0 400 403 404 422 500"),
    _sign(Meaning.REFUSED, "content_filter content_policy_violation data_inspection_failed datainspectionfailed "
          "responsibleaipolicyviolation invalid_prompt moderation_blocked censorship_blocked prohibited_content safety "
          "1301",
          r"content[ _](management|filter|moderation|policy|filtering)|inappropriate content|content exists risk"
          r"|(prompt|input) (was|is|has been) (flagged|blocked)|flagged (as|for|by)"
          r"|violat\w+ .{0,30}(usage )?(polic|guideline|terms)"
          r"|considered high risk|unsafe content|sensitive content|safety (system|filter|reasons)|new_sensitive"),
)  # fmt: skip
"""In the order of trial: the first that is seen decides."""

_BUSY_CODES = r"throttl|rate.?limit|overload|resource_exhausted|unavailable|too_many_requests|slow_down"
_BUSY_STATUSES = {429, 503, 529}  # 529 is Anthropic's
_MAY_PASS = {0, 408, 409, 425}
_LITTLE_ROOM_TOKENS = 1024
"""Of a context that our own limit leaves: too little for any prompt, and so no prompt's fault."""
_CONTEXTS = r"(?:length|limit|window|size)\D{0,40}?(\d{3,})|(?:<=|>|at most|less than)\s*(\d{3,})"


def meaning_of(said: ServerError, output_limit: int | None = None) -> Meaning:
    """`output_limit`: the maximum of tokens in the request, if it had one."""
    sign = next((sign for sign in _SIGNS if sign.seen(said)), None)
    if sign is not None and sign.meaning is Meaning.TOO_LONG:
        return Meaning.OUTPUT_LIMIT if _ours(said.words, output_limit) else Meaning.TOO_LONG
    if said.status == 401:
        return Meaning.KEY
    if said.status == 402:
        return Meaning.NOTHING_LEFT
    if said.status == 413:
        return Meaning.TOO_LONG
    if sign is not None and not (said.status in _BUSY_STATUSES and sign.meaning is Meaning.REFUSED):
        return sign.meaning
    if said.status == 404:
        return Meaning.UNKNOWN_MODEL
    return _parameter(said, output_limit) or _state(said)


def _ours(words: str, output_limit: int | None) -> bool:
    """Whether a context is too small for what we ask to be made, and not for what a guest asked."""
    contexts = [int(one or other) for one, other in re.findall(_CONTEXTS, words, re.IGNORECASE)]
    return output_limit is not None and bool(contexts) and max(contexts) - output_limit < _LITTLE_ROOM_TOKENS


def _parameter(said: ServerError, output_limit: int | None) -> Meaning | None:
    if said.status not in (0, 400, 403, 404, 422, 500):
        return None
    named = " ".join([said.words, *said.parameters]).lower()
    if re.search(r"\btemperature\b", named):
        return Meaning.TEMPERATURE
    if re.search(_LIMIT, named):
        known = output_limit is not None and not re.search(
            r"unsupported|not supported|unrecognized|not permitted", named
        )
        return Meaning.OUTPUT_LIMIT if known else Meaning.PARAMETER
    return Meaning.PARAMETER if re.search(r"'n'|`n`|\bseed\b", named) else None


def _state(said: ServerError) -> Meaning:
    spoken = " ".join([*said.codes, said.words if said.status >= 500 else ""])
    if said.status in _BUSY_STATUSES or re.search(_BUSY_CODES, spoken, re.IGNORECASE):
        return Meaning.BUSY
    return Meaning.BROKEN if said.status in _MAY_PASS or said.status >= 500 else Meaning.WRONG
