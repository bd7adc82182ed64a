"""A worker that needs no model: it answers at once, or when it is told to."""

from collections.abc import Callable
from pathlib import Path

from neurontui.compute.live.messages import (
    Answered,
    Ask,
    Cancel,
    Describe,
    Described,
    LanguageAnswer,
    Load,
    Loaded,
    NextToken,
    Outcome,
    Refused,
    Reply,
    Request,
    StrongNeuron,
)
from neurontui.tui.explorer.app import LiveExplorer
from neurontui.tui.explorer.live.client import Ended
from neurontui.tui.explorer.live.options import LiveOptions
from neurontui.tui.explorer.screens.live.screen import LivePage
from neurontui.tui.explorer.session import Session, open_files

HOSTILE = ("[red]", "\x1b[31m", "\ud83d", "\u202e", "\u0e31", "")
LAYERS = (768,) * 6


def answer_of(ask: Ask) -> Answered:
    """A fixed answer: every word is a token, and the change is seen in the answer."""
    languages = []
    for language, prompt in ask.prompts:
        tokens = tuple(f" {word}" for word in prompt.split()) + HOSTILE
        heat = tuple(index - len(tokens) / 2 for index in range(len(tokens))) if ask.neuron else ()
        before = Outcome(f"{language} says [b]yes[/b]", (NextToken(" yes", 0.75), NextToken("\x1b[2J", 0.2)))
        after = Outcome("no", (NextToken(" no", 0.6),)) if ask.change is not None else None
        languages.append(LanguageAnswer(language, tokens, heat, heat[-1] if heat else None, before, after))
    strongest = tuple(StrongNeuron(layer, 7, "specific", 0.01 / (layer + 1)) for layer in range(6))
    types = tuple((700, 40, 20, 8) for _ in LAYERS)
    return Answered(ask.number, tuple(languages), types, strongest, 12 if ask.change else 0, 0.05)


class MadeUpClient:
    """Takes requests like `Client`, and replies in the same thread."""

    pid = 0

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.closed = False
        self.holds = False
        """Whether nothing is answered, questions only by `answer`."""
        self.fails: Reply | Ended | None = None
        self._receive: Callable[[Reply | Ended], object] = lambda _: None

    def start(self, receive: Callable[[Reply | Ended], object]) -> None:
        self._receive = receive

    def send(self, request: Request) -> None:
        self.sent.append(request)
        if self.fails is not None:
            self._receive(self.fails)
        elif self.holds:
            return
        elif isinstance(request, Describe):
            self._receive(Described("made-up", "llama", 3_456_384, "Device: cpu.", 314_000_000, 19_000_000_000, False))
        elif isinstance(request, Load):
            self._receive(Loaded("made-up", "Device: cpu.", LAYERS, same_weights=True))
        elif isinstance(request, Ask):
            self._receive(answer_of(request))

    def answer(self, number: int) -> None:
        """Answer a question that was held."""
        asks = [request for request in self.sent if isinstance(request, Ask)]
        canceled = [request.number for request in self.sent if isinstance(request, Cancel)]
        ask = next(ask for ask in asks if ask.number == number)
        self._receive(Refused("Canceled.", number) if number in canceled else answer_of(ask))

    def receive(self, reply: Reply | Ended) -> None:
        """Let the worker say something."""
        self._receive(reply)

    def close(self) -> None:
        self.closed = True


def live_explorer(path: Path, start: str = "live") -> tuple[LiveExplorer, list[MadeUpClient]]:
    """An explorer at its live prompt, and the clients that it makes."""
    results = open_files([path], None)
    app = LiveExplorer(Session(results, [path], live=LiveOptions()), start=start)
    first = results.known_runs[0]
    app.session.selection = app.session.selection.with_run(first.key, first.languages)
    clients: list[MadeUpClient] = []

    def make() -> MadeUpClient:
        clients.append(MadeUpClient())
        return clients[-1]

    page = LivePage()
    page.conversation.make_client = make  # type: ignore[assignment]
    app.navigation.pages["live"] = page
    app.install_screen(page, "live")
    return app, clients
