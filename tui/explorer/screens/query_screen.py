"""A screen that asks questions in threads: what was asked, what has come, and what is under way."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import pyarrow as pa
from textual.screen import Screen

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.prefetch import STILL, Prefetcher
from neurontui.tui.explorer.query_runner import (
    Failed,
    QueryCompleted,
    QueryRequest,
    QueryRunner,
    RunningQuery,
)

SLOW = 0.4
"""Seconds after which a question is said to be under way."""
PATIENCE = 0.3
"""Seconds that an answer waits for others that were asked with it."""
GRACE = 0.1
"""Seconds that the earlier data and their names stay while the answers come; then the space is left empty."""


Follower = tuple[QueryRequest, Callable[[pa.Table], None], Callable[[str], None]]
"""A question, and what is called with its answer or with the sentence that says why there is none."""


class QueryScreen(Screen[None]):
    """Asks under names; an answer to a question that nobody asks any more is dropped."""

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self.asked: dict[str, QueryRequest] = {}
        self.answers: dict[str, pa.Table] = {}
        self._asking: dict[str, RunningQuery] = {}
        self._come: dict[str, pa.Table] = {}
        self._followers: list[Follower] = []
        self.prefetcher = Prefetcher()

    # -- what a screen says -------------------------------------------------------------------------------------

    @property
    def query_runner(self) -> QueryRunner:
        """Who answers."""
        raise NotImplementedError

    def draw(self, key: str, table: pa.Table) -> None:
        """Show an answer."""

    def show(self, key: str, table: pa.Table) -> None:
        """An answer has come."""
        self.draw(key, table)

    def failed(self, key: str, sentence: str) -> None:
        """Say why there is no answer."""

    def prefetch_queries(self) -> Iterable[QueryRequest]:
        """What the next key will probably ask, the likeliest first."""
        return ()

    def frame(self) -> None:
        """Something was asked, or answered."""

    # -- asking -------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a question has been under way for a while."""
        return bool(self._asking or self._come)

    def drop_outdated(self, wanted: Mapping[str, QueryRequest]) -> None:
        """Keep only answers to these questions: an answer to anything else is not shown, copied or acted on."""
        for key in [key for key in self.answers if self.asked.get(key) != wanted.get(key)]:
            if not self.outlives(key):
                self.answers.pop(key)
                self.asked.pop(key, None)

    def outlives(self, key: str) -> bool:
        """Whether an answer holds whatever is selected."""
        return False

    def missing(self, wanted: Iterable[str]) -> set[str]:
        """Names of the questions that have no answer: not yet, or it failed or was stopped."""
        return {key for key in wanted if key not in self.answers}

    def under_way(self, keys: Iterable[str]) -> bool:
        """Whether an answer to one of these is still to come."""
        return any(key in self._asking or key in self._come for key in keys)

    def ask(self, key: str, question: QueryRequest) -> None:
        """Ask in a thread; an earlier question under the same name is stopped, and its answer dropped."""
        if key in self._asking:
            self._asking.pop(key).cancel()
            self._tell_followers(self.asked[key], "Something else was selected meanwhile.")
        self._come.pop(key, None)
        if self.asked.get(key) != question:
            self.answers.pop(key, None)
        self.asked[key] = question
        known = self.query_runner.cached(question)
        if known is not None:
            self._take(key, known)
            return
        started = self._asking[key] = RunningQuery()
        self.run_worker(partial(self._answer, key, question, started), thread=True, exit_on_error=False)
        self.set_timer(SLOW, self.frame)

    def follow(self, key: str, show: Callable[[pa.Table], None], fail: Callable[[str], None]) -> None:
        """Call one of these with the answer to the present question of that name, whatever is asked later."""
        if key in self.answers:
            show(self.answers[key])
        elif (question := self.asked.get(key)) is None:
            fail("There is no answer to this question.")
        else:
            self._followers.append((question, show, fail))

    def _tell_followers(self, question: QueryRequest, answer: pa.Table | str) -> None:
        following = [follower for follower in self._followers if follower[0] == question]
        self._followers = [follower for follower in self._followers if follower[0] != question]
        for _, show, fail in following:
            if isinstance(answer, str):
                fail(answer)
            else:
                show(answer)

    def _answer(self, key: str, question: QueryRequest, started: RunningQuery) -> None:
        """In a thread: nothing but messages leaves it."""
        try:
            table = self.query_runner.answer(question, started)
        except NeurontuiError as error:
            if not started.stopped:
                self.post_message(Failed(key, question, str(error)))
        else:
            self.post_message(QueryCompleted(key, question, table))

    def on_query_completed(self, message: QueryCompleted) -> None:
        """Keep an answer, unless something else has been asked meanwhile; draw when the last one has come.

        Answers come within milliseconds of each other; drawing each would send the screen several times.
        """
        self._tell_followers(message.question, message.table)
        if self.asked.get(message.key) != message.question:
            return
        self._asking.pop(message.key, None)
        self._come[message.key] = message.table
        if not self._asking:
            self._draw_answers()
        elif len(self._come) == 1:
            self.set_timer(PATIENCE, self._draw_answers)

    def _draw_answers(self) -> None:
        """Draw the answers that have come."""
        come, self._come = self._come, {}
        for key, table in come.items():
            self._take(key, table)
        self.frame()
        self.schedule_prefetch()

    def on_failed(self, message: Failed) -> None:
        """Say why there is no answer."""
        self._tell_followers(message.question, message.sentence)
        if self.asked.get(message.key) == message.question:
            self._asking.pop(message.key, None)
            self.asked.pop(message.key)
            self.answers.pop(message.key, None)
            if not self._asking:
                self._draw_answers()
            self.failed(message.key, message.sentence)
            self.frame()

    def _take(self, key: str, table: pa.Table) -> None:
        self.answers[key] = table
        self.show(key, table)

    def schedule_prefetch(self) -> None:
        """Ask what is likely to come next, once nothing has happened for a moment."""
        self.prefetcher.wait(self.set_timer(STILL, self._prefetch))

    def _prefetch(self) -> None:
        if self.is_current and not self.waiting:
            prefetch_task = self.prefetcher.begin(self.query_runner, self.prefetch_queries())
            if prefetch_task.questions:
                self.run_worker(prefetch_task, thread=True, exit_on_error=False)

    def stop(self) -> bool:
        """Cancel what is under way; whether anything was."""
        self.prefetcher.stop()
        stopped = list(self._asking.values())
        for started in stopped:
            started.cancel()
        for key in (*self._asking, *self._come):
            if (question := self.asked.pop(key, None)) is not None:
                self._tell_followers(question, "The question was stopped.")
        self._asking.clear()
        self._come.clear()
        self.frame()
        return bool(stopped)

    def forget(self) -> None:
        """The files have changed: ask everything again."""
        self.stop()
        self.asked.clear()
        self.answers.clear()
