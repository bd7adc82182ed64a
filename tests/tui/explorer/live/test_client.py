"""The worker as a process: killed, without memory, printing, and ended with the explorer."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from neurontui.compute.demo import DEMO_MODEL
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
    Refused,
    Working,
    to_line,
)
from neurontui.tui.explorer.live.client import WORKER, Client, Ended, sentence_of

SETTINGS = ModelSettings(str(DEMO_MODEL), dtype="float32")
ASKED = (("en", "The capital of France is"), ("de", "Die Hauptstadt von Frankreich ist"), ("th", "\ud83d"))
SECONDS = 120


class Talk:
    """A client, and what it has said."""

    def __init__(self, *command: str) -> None:
        self.replies: Queue[Any] = Queue()
        self.client = Client(command or WORKER)
        self.client.start(self.replies.put)

    def next(self) -> Any:
        """The next reply that is not about progress."""
        while isinstance(reply := self.replies.get(timeout=SECONDS), Working):
            continue
        return reply

    def ask(self, request: Any) -> Any:
        self.client.send(request)
        return self.next()


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.client.close()


def test_a_worker_describes_loads_answers_refuses_and_says_why_it_was_killed(talk: Talk) -> None:
    described = talk.ask(Describe(SETTINGS))
    assert isinstance(described, Described)
    assert not described.download
    assert 3e6 < described.n_parameters < 4e6
    loaded = talk.ask(Load(SETTINGS))
    assert isinstance(loaded, Loaded)
    answered = talk.ask(Ask(1, ASKED[:2], (1, 5), Change((), "specific")))
    assert isinstance(answered, Answered)
    assert [answer.before.answer for answer in answered.languages] == ["Paris", "Paris"]  # type: ignore[union-attr]
    assert talk.ask(Ask(2, ASKED)) == Refused(
        "The prompt in 'th' has half a character (U+D83D, a lone surrogate); remove it.", 2
    )
    talk.client.send(Cancel(3))
    assert talk.ask(Ask(3, ASKED[:2])) == Refused("Canceled.", 3)
    os.kill(talk.client.pid, signal.SIGKILL)
    assert talk.next() == Ended("The model's process was killed, as the system does when memory runs out.")
    talk.client.send(Ask(4, ASKED[:2]))  # nobody reads it, and nothing happens


def test_an_unknown_model_is_a_sentence_before_torch_is_needed(talk: Talk) -> None:
    refused = talk.ask(Describe(ModelSettings(None, "llama-of-mine", digest="0")))

    assert isinstance(refused, Refused)
    assert refused.sentence.startswith("The run's model was the local folder 'llama-of-mine'")
    assert "--model FOLDER" in refused.sentence


LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
sys.argv = ["worker"]
runpy.run_module("neurontui.compute.live.worker", run_name="__main__")
"""


@pytest.mark.parametrize("megabytes", [120, 700])
def test_without_memory_there_is_a_sentence(megabytes: int) -> None:
    talk = Talk(sys.executable, "-c", LIMITED, str(megabytes * 1_000_000))
    try:
        reply = talk.ask(Load(SETTINGS))
        assert isinstance(reply, Refused | Ended)
        assert re.search("[mM]emory ran out", reply.sentence)
    finally:
        talk.client.close()


NOISY = """
import os, sys
from neurontui.compute.live import worker
replies = worker._own_stdout()
print("a library prints"); os.system("echo and a program of its own")
replies.write('not a message\\n')
replies.write('{"kind": "Working", "words": "fine"}\\n'); replies.flush()
os._exit(7)
"""


def test_what_libraries_print_is_not_part_of_the_messages() -> None:
    talk = Talk(sys.executable, "-c", NOISY)

    assert talk.replies.get(timeout=SECONDS) == Working("fine")
    assert talk.next() == Ended("The model's process ended with code 7: and a program of its own")


def test_a_worker_ends_with_its_explorer_even_if_that_is_killed() -> None:
    explorer = subprocess.Popen(
        [
            sys.executable, "-c",
            "import time\nfrom neurontui.tui.explorer.live.client import Client\n"
            "client = Client(); client.start(print); print(client.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with explorer:
        assert explorer.stdout is not None
        worker = Path(f"/proc/{int(explorer.stdout.readline())}")
        assert worker.exists()
        explorer.kill()
    until = time.monotonic() + SECONDS
    while worker.exists() and "Z" not in (worker / "stat").read_text().split()[2] and time.monotonic() < until:
        time.sleep(0.02)
    assert time.monotonic() < until


def test_a_closed_client_says_nothing_more() -> None:
    talk = Talk(sys.executable, "-c", "import time; time.sleep(600)")
    talk.client.close()
    talk.client._process.wait(SECONDS)

    assert talk.replies.empty()


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (-9, "", "was killed"),
        (-11, "", r"signal 11 \(SIGSEGV\)"),
        (1, "MemoryError", "memory ran out"),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", "memory ran out"),
        (1, "ImportError: x.so: failed to map segment from shared object", "memory ran out"),
        (3, "", "code 3.$"),
    ],
)
def test_the_end_of_a_process_in_words(code: int, said: str, words: str) -> None:
    assert re.search(words, sentence_of(code, said))


def test_a_message_is_a_line_however_long_it_is() -> None:
    assert to_line(Ask(1, (("en", "a\n" * 100_000),))).count("\n") == 1
