"""Those who listen for a guess to be wanted come and go in other threads, at any moment."""

from selftaught.core.ahead import Guess


class WantsWhenLookedAt:
    """A listener by which another thread is in the list, at the moment at which this one looks through it."""

    def __init__(self, guess: Guess) -> None:
        self._guess = guess

    def __call__(self) -> None:
        return

    def __eq__(self, other: object) -> bool:
        self._guess.want()
        return False

    def __hash__(self) -> int:
        return 0


def test_a_listener_may_leave_while_the_guess_becomes_wanted() -> None:
    guess, heard = Guess(), list[str]()

    def hear() -> None:
        heard.append("it is wanted")

    guess.when_wanted(WantsWhenLookedAt(guess))
    guess.when_wanted(hear)
    guess.forget(hear)
    assert guess.wanted and heard == ["it is wanted"]


def test_a_listener_that_leaves_while_all_are_called_costs_no_other_its_call() -> None:
    guess, heard = Guess(), list[str]()

    def leaves() -> None:
        seen.remove(leaves)  # as `forget` does that began before

    guess.when_wanted(leaves)
    guess.when_wanted(lambda: heard.append("second"))
    guess.when_wanted(lambda: heard.append("third"))
    seen = guess._listening
    guess.want()
    assert heard == ["second", "third"]
