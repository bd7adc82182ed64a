"""What is known about the model of a live prompt, and the question that it is answering."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from neurontui.compute.live.messages import (
    Answered,
    Ask,
    Cancel,
    Change,
    Describe,
    Described,
    Load,
    Loaded,
    ModelSettings,
    Neuron,
    Refused,
    Reply,
    Request,
    Working,
)
from neurontui.tui.explorer.live.client import Client, Ended

Stage = Literal["none", "describing", "described", "loading", "ready", "failed"]


@dataclass(frozen=True)
class Received:
    """A reply, and the client it is from: an earlier one may still say something."""

    client: Client
    reply: Reply | Ended


@dataclass
class Conversation:
    """The worker and its last replies. Every method returns at once; replies come by `post`, in another thread."""

    post: Callable[[Received], object]
    stage: Stage = "none"
    settings: ModelSettings | None = None
    described: Described | None = None
    loaded: Loaded | None = None
    words: str = ""
    """What the worker is doing, or why the last request had no result."""
    asking: Ask | None = None
    """The question in progress."""
    asked: Ask | None = None
    """The question that `answered` is about."""
    answered: Answered | None = None
    make_client: Callable[[], Client] = Client
    history: list[Ask] = field(default_factory=list)
    """Questions that were answered, in order."""
    _client: Client | None = None
    _number: int = 0

    @property
    def busy(self) -> bool:
        """Whether a reply is awaited."""
        return self.stage in ("describing", "loading") or self.asking is not None

    @property
    def pid(self) -> int | None:
        """The number of the worker's process."""
        return None if self._client is None else self._client.pid

    def begin(self, settings: ModelSettings, *, again: bool = False) -> None:
        """Ask about a run's model; an earlier model is dropped unless it is the same. again: also if it failed."""
        if settings == self.settings and not again:
            return
        self.close()
        self.settings, self.stage, self.words = settings, "describing", ""
        self.described = self.loaded = self.asked = self.answered = None
        self._send(Describe(settings))

    def load(self) -> None:
        """Load the model."""
        if self.settings is not None:
            self.stage, self.words = "loading", ""
            self._send(Load(self.settings))

    def ask(self, prompts: tuple[tuple[str, str], ...], neuron: Neuron | None, change: Change | None, n: int) -> None:
        """Ask a question instead of the one in progress."""
        if self.stage != "ready":
            return
        if self.asking is not None:
            self._send(Cancel(self.asking.number))
        self._number += 1
        self.asking, self.words = Ask(self._number, prompts, neuron, change, n), ""
        self._send(self.asking)

    def stop(self) -> bool:
        """Stop what is in progress. A question stops between layers; loading stops with the process."""
        if not self.busy:
            return False
        if self.asking is not None:
            self._send(Cancel(self.asking.number))
            self.asking, self.words = None, "Canceled."
        else:
            self._fail("Stopped.")
        return True

    def close(self) -> None:
        """End the process."""
        client, self._client = self._client, None
        self.asking, self.stage = None, "none"
        if client is not None:
            client.close()

    def receive(self, received: Received) -> bool:
        """Take a reply; returns whether it changes anything."""
        if received.client is not self._client:
            return False
        reply = received.reply
        if isinstance(reply, Ended):
            self._fail(reply.sentence)
        elif isinstance(reply, Refused):
            return self._refused(reply)
        elif isinstance(reply, Answered):
            return self._answered(reply)
        elif isinstance(reply, Working):
            self.words = reply.words
        elif isinstance(reply, Described):
            self.described, self.stage = reply, "described"
        elif isinstance(reply, Loaded):
            self.loaded, self.stage, self.words = reply, "ready", ""
        return True

    def _refused(self, reply: Refused) -> bool:
        if reply.number is None:
            self._fail(reply.sentence)
            return True
        if self.asking is None or reply.number != self.asking.number:
            return False
        self.asking, self.words = None, reply.sentence
        return True

    def _answered(self, reply: Answered) -> bool:
        if self.asking is None or reply.number != self.asking.number:
            return False
        self.asked, self.answered, self.asking = self.asking, reply, None
        self.history.append(self.asked)
        return True

    def _fail(self, sentence: str) -> None:
        self.close()
        self.stage, self.words = "failed", sentence

    def _send(self, request: Request) -> None:
        client = self._client
        if client is None:
            client = self._client = self.make_client()
            client.start(lambda reply: self.post(Received(client, reply)))
        client.send(request)
