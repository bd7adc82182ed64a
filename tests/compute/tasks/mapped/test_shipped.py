"""Each shipped mapping, on files with the names, formats and columns of its data set."""

from pathlib import Path

import pytest

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.mapped.shipped import shipped_mappings
from neurontui.compute.tasks.registry import all_tasks, load_task
from tests.compute.tasks.mapped import look_alikes


def load(name: str, folder: Path, languages: str | None = None) -> TaskData:
    return load_task(name, TaskOptions(data=folder, languages=tuple(languages.split(",")) if languages else None))


def test_belebele(tmp_path: Path) -> None:
    data = load("belebele", look_alikes.belebele(tmp_path))
    assert data.languages == ("en", "de", "zh")
    first, second = data.examples
    assert first.prompts["de"] == (
        "Der Fluss fror im Januar zu.\nQuestion: Wann fror der Fluss zu?\nA: im Mai\nB: im Januar\nC: im Juli\nD: nie\n"
        "Answer:"
    )
    assert first.prompts["zh"].startswith("河流在一月结冰。\nQuestion: 河流何时结冰？\nA: 五月\n")
    assert first.answers == {"en": "B", "de": "B", "zh": "B"}
    assert second.answers == {"en": "A", "de": "A", "zh": "A"}
    assert second.prompts["de"].startswith("Ada hielt Bienen.")
    assert second.choices["zh"] == ("A", "B", "C", "D")
    assert (second.id, second.cluster) == ("https://example.org/1 | 1", "https://example.org/1")
    assert first.joiner("zh") == " "
    assert "Languages are stored by their short codes: eng_Latn as en, deu_Latn as de, zho_Hans as zh." in data.notes


def test_flores_plus(tmp_path: Path) -> None:
    data = load("flores-plus", look_alikes.flores_plus(tmp_path), "de,en,zho_Hans")
    assert data.languages == ("de", "en", "zh")
    assert [dict(example.prompts) for example in data.examples] == [
        {"de": "Es regnet.", "en": "It rains.", "zh": "下雨了。"},
        {"de": "Katzen schlafen.", "en": "Cats sleep.", "zh": "猫在睡觉。"},
    ]
    assert not any(example.answers or example.choices for example in data.examples)


def test_global_mmlu(tmp_path: Path) -> None:
    data = load("global-mmlu", look_alikes.global_mmlu(tmp_path))
    assert data.languages == ("en", "de", "fr")
    assert [example.id for example in data.examples] == ["arithmetic/test/0", "arithmetic/test/1"]
    assert data.examples[1].prompts["fr"] == (
        "Question: Capitale de la France ?\nA: Rome\nB: Bonn\nC: Oslo\nD: Paris\nAnswer:"
    )
    assert [example.answers["de"] for example in data.examples] == ["B", "D"]
    assert data.examples[0].answer_language == "en"


def test_mmmlu(tmp_path: Path) -> None:
    data = load("mmmlu", look_alikes.mmmlu(tmp_path))
    assert data.languages == ("de", "fr")
    assert data.examples[0].prompts["de"] == (
        "Question: Was ist 2 + 2?\nÜberlegen, „gut“.\nA: 3\nB: 4\nC: 5\nD: 6\nAnswer:"
    )
    assert [example.answers["fr"] for example in data.examples] == ["B", "D"]
    assert [example.id for example in data.examples] == ["1", "2"]


def test_bmlama(tmp_path: Path) -> None:
    data = load("bmlama", look_alikes.bmlama(tmp_path), "en,es")
    first, second = data.examples
    assert dict(first.prompts) == {"en": "Kant was born in", "es": "Kant nació en"}
    assert first.answers == {"en": "Bonn", "es": "Bonn"}
    assert first.choices == {"en": ("Rome", "Oslo", "Bonn"), "es": ("Roma", "Oslo", "Bonn")}
    assert second.prompts["en"] == '"Help" is by'
    assert second.spans == {"en": '"Help"', "es": "«Help»"}
    (note,) = [note for note in data.notes if "faults" in note]
    assert note == (
        "Left out 1 row with faults in en, the first one in en.tsv, line 4: example.answer 'Leipzig' is not among the "
        "choices Rome, Oslo, Bonn."
    )


def test_prompts_of_bmlama_that_go_on_after_the_mask_are_left_out(tmp_path: Path) -> None:
    data = load("bmlama", look_alikes.bmlama(tmp_path), "es,tr")
    assert [example.id for example in data.examples] == ["1", "3"]
    assert (
        "Left out 1 example without a complete row in each language (text after '<mask>' in 1 row of tr)." in data.notes
    )


def test_eclektic(tmp_path: Path) -> None:
    data = load("eclektic", look_alikes.eclektic(tmp_path), "he,zh,en")
    assert [dict(example.prompts) for example in data.examples] == [
        {code: f"Question: {name} {code}? Answer:" for code in ("he", "zh", "en")} for name in ("q1", "q2")
    ]
    assert data.examples[1].answers == {code: f"q2 answer {code}" for code in ("he", "zh", "en")}
    assert {example.cluster for example in data.examples} == {"https://de.wikipedia.org/wiki/Bonn"}
    assert len(load("eclektic", tmp_path).languages) == 6, "those of the paper"


def test_xcopa(tmp_path: Path) -> None:
    data = load("xcopa", look_alikes.xcopa(tmp_path), "et,th,zh")
    assert [example.id for example in data.examples] == ["7", "9"]
    assert data.examples[0].prompts["zh"] == "门开了。\nWhat was the cause?\nA: 他推了门。\nB: 他睡了。\nAnswer:"
    assert data.examples[1].prompts["et"].splitlines()[1] == "What was the effect?"
    assert [example.answers["th"] for example in data.examples] == ["A", "B"]


def test_paws_x(tmp_path: Path) -> None:
    data = load("paws-x", look_alikes.paws_x(tmp_path))
    assert [example.id for example in data.examples] == ["1", "2", *map(str, range(5, 13))]
    assert data.examples[0].prompts["fr"] == (
        "Sentence 1: Il a dit « non ».\nSentence 2: Il l'a mangé\nDo both sentences mean the same, yes or no? Answer:"
    )
    assert [example.answers["en"] for example in data.examples[:2]] == ["no", "yes"]
    assert data.examples[0].choices["fr"] == ("no", "yes")
    assert (
        "Left out 2 examples without a complete row in each language (no label in 1 row of fr, no sentence2 in 1 row "
        "of fr)." in data.notes
    )


def test_multiblimp(tmp_path: Path) -> None:
    data = load("multiblimp", look_alikes.multiblimp(tmp_path))
    assert [example.id for example in data.examples] == ["1", "3"]
    first = data.examples[0]
    assert dict(first.prompts) == {"en": "The dogs near Ada", "de": "Die Hunde"}
    assert first.choices == {"en": ("sleep here.", "sleeps here."), "de": ("schlafen hier.", "schläft hier.")}
    assert first.answers == {"en": "sleep here.", "de": "schlafen hier."}
    assert data.notes[1].startswith("The texts of one example are not translations of each other")
    assert any("2 examples without a complete row" in note for note in data.notes)


def test_mgsm(tmp_path: Path) -> None:
    data = load("mgsm", look_alikes.mgsm(tmp_path), "ja,en,de")
    assert [dict(example.prompts) for example in data.examples] == [
        {
            "ja": "Question: エイダは3匹 Answer:",
            "en": 'Question: Ada has 3 "red" bees Answer:',
            "de": 'Question: Ada hat 3 "rote Bienen Answer:',
        },
        {
            "ja": "Question: トムは2羽 Answer:",
            "en": "Question: Tom buys 2 hens Answer:",
            "de": "Question: Tom kauft 2 Hühner Answer:",
        },
    ]
    assert data.examples[1].answers == {"ja": "2", "en": "2", "de": "2"}


def test_every_shipped_mapping_is_tested_and_a_task() -> None:
    assert {name.replace("-", "_") for name in shipped_mappings()} <= set(vars(look_alikes))
    assert set(shipped_mappings()) <= set(all_tasks())
    assert all(task.description and task.source for task in all_tasks().values())


@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_demonstrations_come_from_the_last_examples(name: str, tmp_path: Path) -> None:
    folder = getattr(look_alikes, name.replace("-", "_"))(tmp_path)
    if name in ("flores-plus", "eclektic"):
        pytest.skip("has no answers, or one cluster")
    languages = {"bmlama": ("en", "es"), "xcopa": ("et", "zh")}.get(name)
    whole = load_task(name, TaskOptions(data=folder, languages=languages))
    data = load_task(name, TaskOptions(data=folder, languages=languages, shots=1))
    code, last = data.languages[0], whole.examples[-1]
    opening = f"{last.prompts[code]}{last.joiner(code)}{last.answers[code]}\n\n"
    assert data.examples[0].prompts[code] == opening + whole.examples[0].prompts[code]
