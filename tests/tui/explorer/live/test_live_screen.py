"""The Live screen with a worker that answers at once: stages, keys, hostile answers, nothing written."""

import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
from textual import events

from neurontui.compute.live.messages import Ask, Cancel, Change, Describe, Load, Refused, Working
from neurontui.compute.tasks.task_file.reader import check_task_file
from neurontui.tui.explorer.live.client import Ended
from neurontui.tui.explorer.live.prompt_input import PromptInput
from tests.tui.driving import NARROW, WIDE, page_of, press, settle, text_of
from tests.tui.explorer.live.made_up import MadeUpClient, live_explorer


def held(clients: list[MadeUpClient]) -> MadeUpClient:
    """A client that says nothing yet."""
    clients.append(MadeUpClient())
    clients[-1].holds = True
    return clients[-1]


def asks(client: MadeUpClient) -> list[Ask]:
    return [request for request in client.sent if isinstance(request, Ask)]


async def test_it_says_what_it_would_load_and_loads_on_enter(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "3.5 million parameters" in text_of(app)
        assert "about 314 MB of memory; 19 GB are free" in " ".join(text_of(app).split())
        assert [type(request) for request in clients[0].sent] == [Describe]
        await press(pilot, "v", "v", "enter")
        assert [type(request) for request in clients[0].sent] == [Describe, Load]
        assert isinstance(page_of(pilot).focused, PromptInput)
        assert "enter asks the model" in text_of(app)
    assert clients[0].closed


async def test_enter_asks_the_prompts_of_the_example_and_shows_the_answers(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter")
        example = app.session.query_runner.results.query("example-prompts", run=1, example=0).to_pylist()
        first = asks(clients[0])[0]
        assert first.prompts == tuple((row["language"], row["prompt"]) for row in example)
        assert first.neuron is None
        assert asks(clients[0])[-1].neuron == (0, 7)  # without a neuron, the strongest one is taken
        assert app.session.selection.card == (0, 7)
        text = text_of(app)
        assert "en says [b]yes[/b]" in text
        assert "[red]" in text
        assert "yes 75.0" in text
        assert "\x1b" not in text
        assert "specific" in text


async def test_a_change_is_asked_and_shown_beside_the_answer_before(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter", "escape", "s", "4")
        assert asks(clients[0])[-1].change == Change((), "specific", 0.0)
        assert "specific neurons off (12)" in text_of(app)
        line = next(line for line in text_of(app).splitlines() if "before →" in line)
        assert "after → no" in line
        await press(pilot, "s", "1")
        assert asks(clients[0])[-1].change == Change(((0, 7),), None, 0.0)
        await press(pilot, "f", "minus", "2", "enter")
        assert asks(clients[0])[-1].change == Change(((0, 7),), None, -2.0)
        await press(pilot, "t", "s", "0")
        assert asks(clients[0])[-1].change is None
        assert asks(clients[0])[-1].n_tokens == 16


async def test_only_selected_languages_with_a_prompt_are_asked(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        page = page_of(pilot)
        page.select(languages=("de", "en", "th"))
        await settle(pilot)
        next(row for row in page.query("PromptRow") if row.language == "de").input.fill("  ")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert [code for code, _ in asks(clients[0])[0].prompts] == ["en", "th"]


async def test_a_newer_question_cancels_the_one_in_progress(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        client = clients[0]
        client.holds = True
        await pilot.press("enter", "x", "enter")
        await pilot.pause()
        assert [request.number for request in client.sent if isinstance(request, Cancel)] == [1]
        client.answer(1)
        await pilot.pause()
        assert "asking …" in text_of(app)
        client.answer(2)
        await pilot.pause()
        page = page_of(pilot)
        assert page.conversation.asked.number == 2  # type: ignore[attr-defined]
        assert page.conversation.asked.prompts[0][1].endswith("x")  # type: ignore[attr-defined]


async def test_escape_cancels_then_leaves_the_prompts_and_keys_are_the_screens(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        clients[0].holds = True
        await pilot.press("enter")
        await pilot.pause()
        await press(pilot, "escape")
        assert isinstance(clients[0].sent[-1], Cancel)
        assert "Canceled." in text_of(app)
        await press(pilot, "escape", "2")
        assert page_of(pilot).PAGE == "layers"
        await press(pilot, "P")
        assert page_of(pilot).PAGE == "live"
        assert isinstance(page_of(pilot).focused, PromptInput)


@pytest.mark.parametrize(
    "trouble", [Ended("The model's process was killed."), Refused("There is no model 'x' on the hub.")]
)
async def test_trouble_is_a_sentence_and_enter_begins_again(demo_runs: Path, trouble: Ended | Refused) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter")
        clients[0].receive(trouble)
        await settle(pilot)
        assert trouble.sentence in text_of(app)
        assert "enter: start it again" in text_of(app)
        assert clients[0].closed
        await press(pilot, "2", "P")
        assert trouble.sentence in text_of(app)
        assert len(clients) == 1
        page_of(pilot).conversation.make_client = partial(held, clients)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert "Looking for the model" in text_of(app)
        assert trouble.sentence not in text_of(app)
        clients[1].holds = False
        clients[1].send(clients[1].sent[0])
        await settle(pilot)
        assert "enter: load it" in text_of(app)
        clients[0].receive(Working("from the grave"))
        await press(pilot, "enter", "enter")
        assert asks(clients[1])


async def test_a_refused_question_keeps_the_answer_before(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter")
        clients[0].holds = True
        await pilot.press("enter")
        await pilot.pause()
        sentence = "The prompt in 'en' has 5,000 tokens, more than the 2,048 of a live prompt; shorten it."
        clients[0].receive(Refused(sentence, asks(clients[0])[-1].number))
        await settle(pilot)
        assert "has 5,000 tokens" in text_of(app)
        assert [notice.message for notice in app._notifications] == [sentence]
        assert "en says" in text_of(app)


HOSTILE = ("", " ", "[red]x[/red]", "\x1b[31mred\x07", "half \ud83d", "\u202eabc", "line\nline", "a" * 100_000)


async def test_hostile_prompts_leave_the_explorer_sound(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        page = page_of(pilot)
        page.select(languages=("en",))
        line = page.query(PromptInput).first()
        for prompt in HOSTILE:
            n_asked = len(asks(clients[0]))
            line.fill("")
            line.post_message(events.Paste(prompt))
            await press(pilot, "enter")
            assert line.value == prompt
            drawn = text_of(app)
            assert not any(character in drawn for character in ("\x1b", "\x07", "\u202e", "\ud83d"))
            if prompt.strip() and len(prompt) < 1000:
                assert asks(clients[0])[-1].prompts == (("en", prompt),)
            else:
                assert len(asks(clients[0])) == n_asked
        assert app.is_running


async def test_examples_hand_over_their_prompts_and_enter_on_a_neuron_opens_its_card(demo_runs: Path) -> None:
    app, clients = live_explorer(demo_runs, start="examples")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "down", "down", "P", "enter")
        chosen = app.session.selection.example
        assert chosen > 0
        rows = app.session.query_runner.results.query("example-prompts", run=1, example=chosen).to_pylist()
        lines = [line.value for line in page_of(pilot).query(PromptInput)]
        assert lines == [row["prompt"] for row in rows]
        await press(pilot, "enter", "escape")
        page_of(pilot).query_one("#live-strongest").focus()
        await press(pilot, "down", "enter")
        assert page_of(pilot).PAGE == "neuron"
        assert app.session.selection.card == (1, 7)
        n_asked = len(asks(clients[0]))
        await press(pilot, "P")
        assert len(asks(clients[0])) == n_asked + 1  # the neuron has changed
        assert [line.value for line in page_of(pilot).query(PromptInput)] == lines


async def test_saved_questions_are_a_task_file_and_the_results_file_stays_as_it_is(demo_runs: Path) -> None:
    before = hashlib.sha256(demo_runs.read_bytes()).hexdigest()
    app, _ = live_explorer(demo_runs)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter", "x", "enter", "escape", "e", "e")
        example = app.session.query_runner.results.query("example-prompts", run=1, example=0).to_pylist()
    saved = [json.loads(line) for line in Path("live-prompts.jsonl").read_text().splitlines()]
    assert Path("live-prompts-2.jsonl").exists()
    assert check_task_file(Path("live-prompts.jsonl")) == []
    assert [row["id"] for row in saved] == ["live-1", "live-2"]
    assert saved[0]["prompts"] == {row["language"]: row["prompt"] for row in example}
    answers = {row["language"]: row["answer"] for row in example if row["answer"] is not None}
    assert saved[0].get("answers", {}) == answers
    edited = example[0]["language"]
    assert saved[1]["prompts"][edited].endswith("x")
    assert edited not in saved[1].get("answers", {})  # the answer was to another prompt
    assert hashlib.sha256(demo_runs.read_bytes()).hexdigest() == before


async def test_a_run_of_another_model_asks_for_that_model(store: Path) -> None:
    app, clients = live_explorer(store)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "escape", "full_stop", "full_stop")
        assert len(clients) > 1
        assert all(client.closed for client in clients[:-1])
        assert isinstance(clients[-1].sent[0], Describe)
        assert clients[-1].sent[0].settings.name == app.session.run.get("model")  # type: ignore[union-attr]
