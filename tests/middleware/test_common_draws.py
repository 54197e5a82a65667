"""Improvers that are compared get the same draws of the model, each bought once: in one run, and in several."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from selftaught.core.address import here, in_places, working_at
from selftaught.core.ahead import Guess
from selftaught.core.comparing import comparing
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.core.feedback import loop_time
from selftaught.core.money import Tariff
from selftaught.core.work import SOLUTION
from selftaught.middleware.common_draws import Bought, CommonDraws, Sharing
from selftaught.middleware.recorded import RecordedModel, draws_on_record
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.runs import store as stores
from selftaught.runs.records import PROGRAM, Answered, Record, Session, decode
from selftaught.runs.store import Store
from selftaught.wiring.models import Models, PricedModel

PROMPT = Prompt("expert", "improve this", 0.7)


class Seller:
    """Each response is another text, costs a dollar, and says at which address it was asked for."""

    def __init__(self) -> None:
        self.sold: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._lock:
            start = len(self.sold)
            self.sold += [here()] * len(prompts)
        return [Completion(f"{here()} {start + n}", 10, 5, cost=1.0) for n in range(len(prompts))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "one") as opened:
        yield opened


def new_store(folder: Path) -> Store:
    folder.mkdir()
    return Store.create(folder / "run.sqlite")


def recorder_of(store: Store) -> Recorder:
    recorder = Recorder(store)
    recorder.write(Session(at="/session#0", time=1.0, version="1", tier="none"))
    return recorder


@pytest.fixture
def recorder(store: Store) -> Recorder:
    return recorder_of(store)


def model_of(
    recorder: Recorder, seller: object, *, sharing: Sharing | None = None, role: str = SOLUTION, together: int = 1
) -> RecordedModel:
    return RecordedModel(seller, recorder, thread_map, role, together, sharing or Sharing())  # type: ignore[arg-type]


def ask(model: RecordedModel, improver: str, place: str = "/measure/0", *prompts: Prompt) -> list[str]:
    """What the model answers an improver that is measured at this place."""
    with comparing(place), working_at(f"/measure:{improver}/0/apply:x#0"):
        return [completion.text for completion in model(prompts or [PROMPT])]


def answered(store: Store) -> list[Answered]:
    return [record for record in store if isinstance(record, Answered)]


def test_what_two_improvers_ask_alike_is_bought_once_and_recorded_with_where(recorder: Recorder, store: Store) -> None:
    model, seller = (found := model_of(recorder, Seller())), found.model
    assert ask(model, "a") == ask(model, "b")
    assert isinstance(seller, Seller) and len(seller.sold) == 1
    bought, shared = answered(store)
    assert (bought.shared, bought.cost, bought.draw) == (False, 1.0, shared.draw)
    assert (shared.shared, shared.cost, shared.bought_for, shared.bought_at) == (True, 0.0, 1.0, bought.at)


def test_the_draws_of_one_improver_are_independent_and_each_common(recorder: Recorder) -> None:
    model = model_of(recorder, Seller())
    first = [*ask(model, "a", "/measure/0", PROMPT, PROMPT), *ask(model, "a")]
    second = [*ask(model, "b"), *ask(model, "b", "/measure/0", PROMPT, PROMPT)]
    assert first == second and len(set(first)) == 3


@pytest.mark.parametrize(
    ("place", "prompt"),
    [
        ("/measure/1", PROMPT),
        ("/apply:y#0/score#0/0", PROMPT),
        ("/measure/0", Prompt("expert", "improve that", 0.7)),
        ("/measure/0", Prompt("expert", "improve this", 0.8)),
    ],
    ids=["another repeat", "another phase", "another prompt", "another temperature"],
)
def test_nothing_else_is_shared(recorder: Recorder, place: str, prompt: Prompt) -> None:
    model = model_of(recorder, Seller())
    assert ask(model, "a") != ask(model, "b", place, prompt)


def test_times_in_a_prompt_make_no_other_draw(recorder: Recorder) -> None:
    model = model_of(recorder, Seller())
    slow, fast = (Prompt("expert", loop_time(steps), 0.7) for steps in (20, 40))
    assert slow != fast and ask(model, "a", "/measure/0", slow) == ask(model, "b", "/measure/0", fast)


def test_what_a_program_asks_that_is_scored_is_its_own(recorder: Recorder) -> None:
    model = model_of(recorder, Seller(), role=PROGRAM)
    assert ask(model, "a") != ask(model, "b")


def test_where_nothing_is_compared_nothing_is_shared(recorder: Recorder, store: Store) -> None:
    model = model_of(recorder, Seller())
    assert ask(model, "a", "") != ask(model, "b", "")
    assert {record.draw for record in answered(store)} == {""}


def test_places_of_the_tasks_are_places_of_the_draws(recorder: Recorder) -> None:
    model = model_of(recorder, Seller())

    def texts(improver: str) -> list[str]:
        def asking(_: str) -> str:
            with working_at(f"{here()}/apply:{improver}#0"):
                return model([PROMPT])[0].text

        with comparing("/measure"), working_at(f"/measure:{improver}"):
            return list(in_places(thread_map)(asking, ["u", "v", "w"]))

    assert texts("a") == texts("b") and len(set(texts("c"))) == 3


def test_of_a_call_for_several_only_what_is_new_is_asked_for(recorder: Recorder) -> None:
    seller = Seller()
    model = model_of(recorder, seller, together=4)
    first = ask(model, "a", "/measure/0", *[PROMPT] * 2)
    assert ask(model, "b", "/measure/0", *[PROMPT] * 4)[:2] == first
    assert len(seller.sold) == 4


def test_a_model_is_asked_in_the_name_of_the_draw_whoever_is_first(recorder: Recorder) -> None:
    seller = Seller()
    ask(model_of(recorder, seller), "b")
    assert seller.sold[0].startswith("/measure/0/ask:")


class Slow:
    """Does not answer before it is told to; tells when it is asked. Fails as often as it is told to."""

    def __init__(self, fails: int = 0) -> None:
        self.asked, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.calls, self._fails = 0, fails

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.calls += 1
        number = self.calls
        self.asked.release()
        self.go_on.acquire()
        if number <= self._fails:
            raise ModelUnavailable("down")
        return [Completion(f"answer {number}") for _ in prompts]


def in_threads(model: RecordedModel, improvers: Sequence[str], slow: Slow) -> dict[str, object]:
    """What each of the improvers, all of which ask at the same time, is answered, or what was raised there."""
    found: dict[str, object] = {}

    def work(improver: str) -> None:
        try:
            found[improver] = ask(model, improver)
        except ModelUnavailable as error:
            found[improver] = error

    threads = [threading.Thread(target=work, args=(improver,)) for improver in improvers]
    for thread in threads:
        thread.start()
    slow.asked.acquire()
    slow.go_on.release(len(improvers))
    for thread in threads:
        thread.join()
    return found


def test_who_asks_meanwhile_waits_for_the_one_who_buys(recorder: Recorder) -> None:
    slow = Slow()
    found = in_threads(model_of(recorder, slow), "abcdef", slow)
    assert list(found.values()) == [["answer 1"]] * 6 and slow.calls == 1


def test_where_the_buyer_fails_one_of_those_who_wait_buys(recorder: Recorder, store: Store) -> None:
    slow = Slow(fails=2)
    found = list(in_threads(model_of(recorder, slow), "abcdef", slow).values())
    assert sum(isinstance(one, ModelUnavailable) for one in found) == 2
    assert [one for one in found if not isinstance(one, ModelUnavailable)] == [["answer 3"]] * 4
    assert [record.shared for record in answered(store)] == [False, True, True, True]


def test_two_who_buy_from_each_other_do_not_wait_for_ever(recorder: Recorder) -> None:
    """Each has the first of one prompt and wants the other's: who waits has bought all of his own before."""
    seller, many = Seller(), [Prompt("expert", f"task {number}", 0.7) for number in range(8)]
    model, found = model_of(recorder, seller), dict[str, list[str]]()

    def work(improver: str) -> None:
        order = many if improver in "ac" else many[::-1]
        found[improver] = sorted(ask(model, improver, "/measure/0", *order))

    threads = [threading.Thread(target=work, args=(improver,), daemon=True) for improver in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4 and len({tuple(texts) for texts in found.values()}) == 1 and len(seller.sold) == 8


def test_a_later_start_has_what_an_earlier_one_bought(
    recorder: Recorder, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, read = Seller(), list[bytes]()
    before = ask(model_of(recorder, seller), "a")
    again, sharing = Recorder(store), Sharing()

    def noted(body: bytes) -> Record:
        read.append(body)
        return decode(body)

    monkeypatch.setattr(stores, "decode", noted)
    sharing.draws.learn(draws_on_record(store, "run", sharing))
    assert read == []  # a response is read when it is asked for
    model = model_of(again, seller, sharing=sharing)
    assert [ask(model, "a"), ask(model, "b")] == [before, before] and len(seller.sold) == 1


def test_runs_of_one_experiment_share_and_say_from_which_run(recorder: Recorder, tmp_path: Path) -> None:
    seller, sharing = Seller(), Sharing(CommonDraws(), "seed 7, model m")
    with new_store(tmp_path / "two") as other:
        texts = [ask(model_of(one, seller, sharing=sharing), "a") for one in (recorder, recorder_of(other))]
        (shared,) = answered(other)
    assert texts[0] == texts[1] and len(seller.sold) == 1
    assert shared.bought_at == f"{recorder.run}:{answered(recorder.store)[0].at}"


def test_runs_with_another_seed_or_model_share_nothing(recorder: Recorder, tmp_path: Path) -> None:
    seller, draws = Seller(), CommonDraws()
    with new_store(tmp_path / "two") as other:
        first = ask(model_of(recorder, seller, sharing=Sharing(draws, "seed 7, model m")), "a")
        second = ask(model_of(recorder_of(other), seller, sharing=Sharing(draws, "seed 8, model m")), "a")
    assert first != second


def test_what_is_shared_counts_for_no_cap(recorder: Recorder, store: Store) -> None:
    model = model_of(recorder, Seller())
    for improver in "abc":
        ask(model, improver)
    priced = PricedModel(model, "m", Tariff())
    spent = Models(priced, priced).spent(store)
    assert (spent.calls, spent.tokens, spent.dollars) == (1, 15, 1.0)


def test_what_a_guess_buys_and_somebody_waits_for_is_wanted_whoever_takes_over() -> None:
    draws, first, second = CommonDraws(), Guess(), Guess()
    wanted = threading.Semaphore(0)
    for guess in (first, second):
        guess.when_wanted(wanted.release)
    assert draws.take(["key"], first)[1] == ["key"]
    waiting = threading.Thread(target=draws.wait, args=(["key"],), daemon=True)
    waiting.start()
    assert wanted.acquire(timeout=20) and first.wanted and not second.wanted
    with draws._change:  # it fails, and another guess is quicker than who waits
        draws._claims["key"] = second
        draws._change.notify_all()
    assert wanted.acquire(timeout=20) and second.wanted
    draws.publish("key", Bought(lambda: Completion("x"), "run", "/ask:a#0"))
    waiting.join(20)
    assert not waiting.is_alive()
