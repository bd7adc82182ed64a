"""The paper's data, in the files they were published in: counts, and prompts as in appendix A.3."""

from pathlib import Path

import pytest

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from tests.compute.tasks import layouts

TEN = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
NINE = tuple(code for code in TEN if code != "pt")


def _load(task: str, data: Path, **options: object) -> TaskData:
    return load_task(task, TaskOptions(data=data, **options))


@pytest.mark.parametrize("folder", ["", "xnli"])
def test_xnli_has_5010_examples_in_nine_languages(real_data: Path, folder: str) -> None:
    data = _load("xnli", real_data / folder)
    assert data.languages == NINE
    assert len(data.examples) == 5010
    assert len({each.cluster for each in data.examples}) == 1670
    premise = "Well, I wasn't even thinking about that, but I was so frustrated, and, I ended up talking to him again."
    assert data.examples[0].prompts["en"] == (
        f"Take the following as truth: {premise} Then the following statement: "
        "'I havent spoken to him again.' is 'true', 'false', or 'inconclusive'?"
    )
    assert [each.answers["zh"] for each in data.examples[:3]] == ["false", "true", "inconclusive"]
    for word in ("true", "false", "inconclusive"):
        assert sum(each.answers["th"] == word for each in data.examples) == 1670


def test_xnli_is_the_same_in_the_official_file_and_on_the_hub(real_data: Path, tmp_path: Path) -> None:
    tsv = real_data / "xnli" / "mesh_xtreme"
    columns = {}
    for code in NINE:
        lines = (tsv / f"test-{code}.tsv").read_bytes().decode().removesuffix("\n").split("\n")
        columns[code] = [tuple(line.split("\t")) for line in lines]
    reference = _load("xnli", real_data / "xnli")
    of_word = {"true": 0, "inconclusive": 1, "false": 2}
    labels = [of_word[each.answers["en"]] for each in reference.examples]
    for layout in (layouts.official, layouts.all_languages, layouts.parquet):
        data = _load("xnli", layout(tmp_path / layout.__name__, columns, labels))
        assert digest(data) == digest(reference)


@pytest.mark.parametrize("folder", ["", "mzsre", "mzsre/MzsRE"])
@pytest.mark.parametrize("task", ["ke-en-all", "ke-all-en"])
def test_knowledge_editing_has_743_examples(real_data: Path, task: str, folder: str) -> None:
    data = _load(task, real_data / folder)
    assert data.languages == TEN
    assert len(data.examples) == 743
    edit, asked = (
        "When was the inception of IAAF Combined Events Challenge?",
        "IAAF综合项目挑战赛的创立时间是什么时候？",
    )
    expected = {
        "ke-en-all": f"Question: {edit} Answer: 2006 Question: {asked} Answer:",
        "ke-all-en": f"Question: {asked} Answer: 2006年 Question: {edit} Answer:",
    }
    assert data.examples[0].prompts["zh"] == expected[task]
    assert data.examples[0].answers["zh"] == {"ke-en-all": "2006年", "ke-all-en": "2006"}[task]


@pytest.mark.parametrize("shots", [2, 4, 6])
@pytest.mark.parametrize("folder", ["", "mzsre/MzsRE"])
def test_demonstrations_come_from_the_training_lists(real_data: Path, shots: int, folder: str) -> None:
    data = _load("ke-en-all", real_data / folder, shots=shots)
    plain = _load("ke-en-all", real_data / folder)
    for code in TEN:
        prompt = data.examples[5].prompts[code]
        demonstrations = prompt.split("\n\n")
        assert len(demonstrations) == shots + 1
        assert demonstrations[-1] == plain.examples[5].prompts[code]
    assert (
        data.examples[0]
        .prompts["de"]
        .startswith(
            "Question: What is the native language of Christiane Cohendy? Answer: German "
            "Question: Was ist die Muttersprache von Christiane Cohendy? Answer: Deutsch\n\n"
        )
    )


def test_the_defective_line_40_is_never_a_demonstration(real_data: Path) -> None:
    data = _load("ke-en-all", real_data, shots=45, limit=1)
    assert "Tanja Damaske" not in data.examples[0].prompts["de"]
    assert data.examples[0].prompts["de"].count("\n\n") == 45


@pytest.mark.parametrize("folder", ["", "mpararel_capital", "mpararel_capital/data/mpararel_reviewed"])
def test_facts_have_324_aligned_tuples(real_data: Path, folder: str) -> None:
    data = _load("fact", real_data / folder)
    assert data.languages == TEN
    assert len({each.cluster for each in data.examples}) == 324
    assert len(data.examples) == 324 * 3
    prompts = [each.prompts for each in data.examples if each.cluster == "P36-0"]
    assert prompts[0]["en"] == "The capital of Azerbaijan is"
    assert prompts[0]["de"] == "Die hauptstadt von Aserbaidschan ist"
    assert prompts[1]["zh"] == "阿塞拜疆的首都是"
    assert data.examples[0].answers["zh"] == "巴库"
    assert not any("[X]" in text or "[Y]" in text for each in prompts for text in each.values())
    wrong = ("kapital", "majuscule", "mayúscula", "o capital ", "el capital ", "le capital ")
    texts = " ".join(text for each in data.examples for text in each.prompts.values()).lower()
    assert not any(word in texts for word in (*wrong, "капитал", "заглавн", "ทุน", "vốn", "资本", "資本"))


def test_simplified_chinese_alone_has_248_facts(real_data: Path) -> None:
    data = _load("fact", real_data, languages=(*NINE[:4], "pt", *NINE[4:8], "zh-hans"))
    assert len({each.cluster for each in data.examples}) == 248


def test_every_bad_template_of_the_list_is_one_of_mpararels(real_data: Path) -> None:
    import json
    import tomllib
    from importlib.resources import files

    text = files("neurontui.compute.tasks.fact").joinpath("mpararel_bad.toml").read_text("utf-8")
    for each in tomllib.loads(text)["bad"]:
        root = real_data / "mpararel_capital" / "data" / "mpararel_reviewed" / "patterns"
        lines = (root / each["language"] / "P36.jsonl").read_text("utf-8").splitlines()
        assert each["pattern"] in [json.loads(line)["pattern"] for line in lines]
        assert each["reason"]
