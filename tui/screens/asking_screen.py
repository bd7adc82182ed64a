"""A screen that asks questions in threads: what was asked, what has come, and what is under way."""

from collections.abc import Iterable
from functools import partial

import pyarrow as pa
from textual.screen import Screen

from neurontui.store.errors import NeurontuiError
from neurontui.tui.asking import Answered, Desk, Failed, Question, Started
from neurontui.tui.foresight import STILL, Foresight

SLOW = 0.4
"""Seconds after which a question is said to be under way."""
PATIENCE = 0.3
"""Seconds that an answer waits for others that were asked with it."""


class AskingScreen(Screen[None]):
    """Asks under names; an answer to a question that nobody asks any more is dropped."""

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self.asked: dict[str, Question] = {}
        self.answers: dict[str, pa.Table] = {}
        self._asking: dict[str, Started] = {}
        self._come: dict[str, pa.Table] = {}
        self.foresight = Foresight()

    # -- what a screen says -------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        """Who answers."""
        raise NotImplementedError

    def draw(self, key: str, table: pa.Table) -> None:
        """Show an answer."""

    def show(self, key: str, table: pa.Table) -> None:
        """An answer has come."""
        self.draw(key, table)

    def failed(self, key: str, sentence: str) -> None:
        """Say why there is no answer."""

    def likely(self) -> Iterable[Question]:
        """What the next key will probably ask, the likeliest first."""
        return ()

    def frame(self) -> None:
        """Something was asked, or answered."""

    # -- asking -------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a question has been under way for a while."""
        return bool(self._asking or self._come)

    def ask(self, key: str, question: Question) -> None:
        """Ask in a thread; an earlier question under the same name is stopped."""
        if key in self._asking:
            self._asking.pop(key).cancel()
        self._come.pop(key, None)
        self.asked[key] = question
        known = self.desk.cached(question)
        if known is not None:
            self._take(key, known)
            return
        started = self._asking[key] = Started()
        self.run_worker(
            partial(self._answer, key, question, started), thread=True, exit_on_error=False
        )
        self.set_timer(SLOW, self.frame)

    def _answer(self, key: str, question: Question, started: Started) -> None:
        """In a thread: nothing but messages leaves it."""
        try:
            table = self.desk.answer(question, started)
        except NeurontuiError as error:
            if not started.stopped:
                self.post_message(Failed(key, question, str(error)))
        else:
            self.post_message(Answered(key, question, table))

    def on_answered(self, message: Answered) -> None:
        """Keep an answer, unless something else has been asked meanwhile; draw when the last one has come.

        Answers come within milliseconds of each other; drawing each would send the screen several times.
        """
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
        self.foresee()

    def on_failed(self, message: Failed) -> None:
        """Say why there is no answer."""
        if self.asked.get(message.key) == message.question:
            self._asking.pop(message.key, None)
            self.asked.pop(message.key)
            if not self._asking:
                self._draw_answers()
            self.failed(message.key, message.sentence)
            self.frame()

    def _take(self, key: str, table: pa.Table) -> None:
        self.answers[key] = table
        self.show(key, table)

    def foresee(self) -> None:
        """Ask what is likely to come next, once nothing has happened for a moment."""
        self.foresight.wait(self.set_timer(STILL, self._foresee))

    def _foresee(self) -> None:
        if self.is_current and not self.waiting:
            errand = self.foresight.begin(self.desk, self.likely())
            if errand.questions:
                self.run_worker(errand, thread=True, exit_on_error=False)

    def stop(self) -> bool:
        """Cancel what is under way; whether anything was."""
        self.foresight.stop()
        stopped = list(self._asking.items())
        for key, started in stopped:
            started.cancel()
            self.asked.pop(key, None)
        self._asking.clear()
        self._come.clear()
        self.frame()
        return bool(stopped)

    def forget(self) -> None:
        """The files have changed: ask everything again."""
        self.stop()
        self.asked.clear()
        self.answers.clear()
