"""What each address of the live page shows, as HTML."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from selftaught.cli import printing
from selftaught.cli.candidates import parts_of
from selftaught.cli.experiments import page_of
from selftaught.cli.live.answering import waiting
from selftaught.cli.live.watched import Runs, Watched, WatchedExperiment
from selftaught.cli.options import EXPERIMENTS_FOLDER
from selftaught.core.errors import SelfTaughtError
from selftaught.experiments.listing import list_experiments
from selftaught.report.comparison import Compared, comparison
from selftaught.report.curve import Line, curve
from selftaught.report.lineage import compare
from selftaught.report.page import Live, environment, live_policy, page, resource, script
from selftaught.report.untrusted import many_lines
from selftaught.runs.folder import PARAMETERS, RunFolder, list_runs

_MOST_NAME = 8


class Pages:
    """`base`: the start of every address, the token in it."""

    def __init__(self, runs: Runs, base: str) -> None:
        self.runs, self.base = runs, base
        self._script = Markup(resource("live.js"))

    def all_runs(self) -> str:
        """The newest first."""
        state, rows = self.state(), []
        for folder in reversed(self.listed()):
            link = f"{self.base}/run/{quote(folder.path.name, safe='')}"
            try:
                watched = self.runs.find(folder)
                with watched.opened() as store:
                    config, run = watched.so_far(store)
                    row = printing.summary(folder, config, run, run.total.responses)
            except (SelfTaughtError, OSError) as error:  # one run's damage must not hide the others
                row = {"run": folder.path.name, "error": str(error) or type(error).__name__}
            rows.append({"error": "", **row, "link": link})
        experiments = [
            {"name": one.folder.name, "link": f"{self.base}/experiment/{quote(one.folder.name, safe='')}"}
            for one in self.experiments()
        ]
        where = f"{self.runs.root}"
        return self._page(
            f"Runs in {where}", runs=rows, experiments=experiments, compare=f"{self.base}/compare",
            events=f"{self.base}/events?seen={state}", home="",
        )  # fmt: skip

    def state(self) -> str:
        """Differs when there is something new in any of them."""
        told = [one.folder.name for one in self.experiments()]
        for folder in self.listed():
            with suppress(OSError):
                told.append(f"{folder.path.name}:{self.runs.find(folder).state()}")
        return sha256("|".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def listed(self) -> list[RunFolder]:
        """The runs that are shown: those of the folder, or the one that was asked for."""
        found = list_runs(self.runs.root)
        return [one for one in found if self.runs.only in (None, one.path.name)]

    def find(self, name: str) -> Watched | None:
        """The run of this name; None where none is shown that is called so."""
        found = next((one for one in self.listed() if one.path.name == name), None)
        return self.runs.find(found) if found else None

    def run(self, watched: Watched) -> str:
        """Its report, as far as it has come."""
        here = f"{self.base}/run/{quote(watched.folder.path.name, safe='')}"
        state = watched.state()
        with watched.timed(), watched.opened() as store:
            config, run = watched.so_far(store)
            live = Live(
                f"{here}/events?seen={state}", f"{self.base}/", f"{here}/text/", self._script,
                waiting(watched.folder, config, store, here),
            )  # fmt: skip
            settings, title = msgspec.to_builtins(config), watched.folder.path.name
            with watched.candidates(store) as found:
                return page(run, settings, store.text, title=title, candidates=found, live=live)

    def text(self, watched: Watched, id: str) -> str:
        """A program with its prompt, response, scores and feedback; or another text of the run."""
        name = watched.folder.path.name
        with watched.opened() as store:
            parts = [(title, many_lines(text)) for title, text in parts_of(store, id)]
        back = f"{self.base}/run/{quote(name, safe='')}"
        return self._page(f"{name}: {id[:8]}", parts=parts, back=back)

    def compared(self, found: Sequence[Watched]) -> str:
        """Runs compared; for runs of improvers also the curves in one drawing, and the best improvers."""
        told: list[Compared] = []
        best: list[tuple[str, str]] = []
        for watched in found:
            with watched.opened() as store:
                config, run = watched.so_far(store)
                told.append(Compared(watched.folder.path.name, msgspec.to_builtins(config), run))
                made = run.improvement.made if run.improvement else run.best_step and run.best_step.improver
                if made:
                    best.append((watched.folder.path.name, store.text(made)))
        lines = [Line(_short(one.name), [(step.t, step.val) for step in one.run.steps if step.val]) for one in told]
        changes = [
            (f"The result of {best[0][0]}, on the left, and of {name}", compare(best[0][1], text))
            for name, text in best[1:]
        ]
        return self._page(
            "Comparison", comparison=comparison(told), curves=Markup(curve(lines, "val against t")), changes=changes
        )

    def experiments(self) -> list[WatchedExperiment]:
        """Those beside the runs, or in experiments/; or the one whose runs these are."""
        if self.runs.only is not None:
            return []
        if (self.runs.root.parent / PARAMETERS).is_file():
            return [WatchedExperiment(self.runs.root.parent)]
        roots = dict.fromkeys((self.runs.root, self.runs.root.parent / EXPERIMENTS_FOLDER))
        return [WatchedExperiment(path) for root in roots for path in list_experiments(root) if not path.is_symlink()]

    def experiment(self, watched: WatchedExperiment) -> str:
        """Its report, as far as it has come."""
        here = f"{self.base}/experiment/{quote(watched.folder.name, safe='')}"
        live = Live(f"{here}/events?seen={watched.state()}", f"{self.base}/", "", self._script)
        return page_of(watched.folder, live)

    def _page(self, title: str, *, events: str = "", home: str | None = None, back: str = "", **what: Any) -> str:
        return (
            environment()
            .from_string(resource("runs.html.jinja"))
            .render(
                title=title,
                policy=Markup(live_policy(self._script)),
                style=Markup(resource("page.css")),
                script=Markup(script()),
                live_script=self._script,
                events=events,
                home=f"{self.base}/" if home is None else home,
                back=back,
                **what,
            )
        )


def _short(name: str) -> str:
    """Its end, if it is long: names of runs start with the time."""
    return name if len(name) <= _MOST_NAME else "…" + name[-_MOST_NAME + 1 :]
