"""Files of LAPE's authors: read as plain torch writes them, written as it reads them, and never run as code."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from neurontui.compute.neuron_sets.lape_file import lape_file, read_lape_file
from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.neuron_set import Neuron, unique_neurons
from tests.store.neuron_sets.sets import LAYERS, named

LANGUAGES = ("en", "zh")
PUBLISHED = [
    [[1, 5, 11], [], [0]],
    [[], [3], [0, 2]],
]
"""Of each language and layer."""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Written as by LAPE's code: lists of `torch.tensor(indices).long()`."""
    lists = [[torch.tensor(indices).long() for indices in of_layers] for of_layers in PUBLISHED]
    torch.save(lists, tmp_path / "model.neuron.pth")
    return tmp_path / "model.neuron.pth"


def test_a_published_file_is_read(published: Path) -> None:
    neurons = read_lape_file(published, LANGUAGES, LAYERS)
    assert neurons == tuple(
        Neuron(layer, index, language)
        for language, of_layers in zip(LANGUAGES, PUBLISHED, strict=True)
        for layer, indices in enumerate(of_layers)
        for index in indices
    )


def test_a_set_is_written_in_the_same_structure(published: Path, tmp_path: Path) -> None:
    neurons = read_lape_file(published, LANGUAGES, LAYERS)
    for order in (LANGUAGES, LANGUAGES[::-1]):
        written = tmp_path / "written.pth"
        written.write_bytes(lape_file(named("lape", *neurons), order, LAYERS))
        lists = torch.load(written, weights_only=True)
        assert [[t.tolist() for t in of_layers] for of_layers in lists] == [
            PUBLISHED[LANGUAGES.index(c)] for c in order
        ]
        assert {t.dtype for of_layers in lists for t in of_layers} == {torch.int64}
        assert unique_neurons(read_lape_file(written, order, LAYERS)) == unique_neurons(neurons)


class Hostile:
    """Makes a folder when a pickle of it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("plain", [False, True], ids=["torch.save", "pickle"])
def test_code_in_a_file_is_not_run(tmp_path: Path, plain: bool) -> None:
    path, owned = tmp_path / "hostile.pth", tmp_path / "owned"
    if plain:
        path.write_bytes(pickle.dumps([Hostile(owned)]))
    else:
        torch.save([[torch.tensor([1]), Hostile(owned)]], path)
    with pytest.raises(InputError, match=r"hostile\.pth") as caught:
        read_lape_file(path, LANGUAGES, LAYERS)
    assert not owned.exists()
    assert len(str(caught.value).splitlines()) == 1
    assert ("objects or code" in str(caught.value)) is not plain


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"en": []}, "is not a list over languages"),
        ([], "a list of 0 where 2 languages"),
        ([[torch.tensor([1])] * 3] * 3, "a list of 3 where 2 languages"),
        ([[torch.tensor([1])] * 4] * 2, "a list of 4 where 3 layers"),
        ([[[1, 2]] * 3] * 2, "is not a list over languages"),
        ([[torch.tensor([1.0])] * 3] * 2, "is not a list over languages"),
        ([[torch.tensor([True])] * 3] * 2, "is not a list over languages"),
        ([[torch.tensor([[1]])] * 3] * 2, "is not a list over languages"),
        ([[torch.tensor([1], device="meta")] * 3] * 2, "is not a list over languages"),
        ([[torch.tensor([1]).expand(10**12)] * 3] * 2, "lists 1,000,000,000,000 neurons in layer 0, which has 12"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: Any, words: str) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(InputError, match=words):
        read_lape_file(tmp_path / "other.pth", LANGUAGES, LAYERS)


def test_files_that_are_none(tmp_path: Path, published: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.pth cannot be read"):
        read_lape_file(tmp_path / "gone.pth", LANGUAGES, LAYERS)
    (tmp_path / "text.pth").write_text("layer,neuron\n")
    with pytest.raises(InputError, match=r"text\.pth is not a file of torch\.save"):
        read_lape_file(tmp_path / "text.pth", LANGUAGES, LAYERS)
    (tmp_path / "cut.pth").write_bytes(published.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cut\.pth"):
        read_lape_file(tmp_path / "cut.pth", LANGUAGES, LAYERS)
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data/0", bytes(1 << 22))
    with pytest.raises(InputError, match=r"bomb\.pth is compressed"):
        read_lape_file(tmp_path / "bomb.pth", LANGUAGES, LAYERS)


def test_layers_are_not_guessed(published: Path) -> None:
    both = (Layer(0, "encoder", 0, 12), Layer(1, "decoder", 0, 12), Layer(2, "decoder", 1, 12))
    for layers, words in ((both, "an encoder and a decoder"), ((), "model is unknown")):
        with pytest.raises(UsageError, match=words):
            read_lape_file(published, LANGUAGES, layers)
        with pytest.raises(UsageError, match=words):
            lape_file(named("a", (0, 1, "en")), ("en",), layers)


def test_a_set_that_the_format_cannot_hold() -> None:
    with pytest.raises(UsageError, match=r"neuron 1 of layer 0, but a \.pth file has a list for each language"):
        lape_file(named("a", (0, 1)), (), LAYERS)
    for codes in (("en",), ("en", "zh", "th"), ("en", "en"), ("en", "de")):
        with pytest.raises(UsageError, match="has the languages en, zh"):
            lape_file(named("a", (0, 1, "en"), (0, 1, "zh")), codes, LAYERS)
