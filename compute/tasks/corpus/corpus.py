"""A corpus: how many texts it has in each language, and its texts, read again whenever they are needed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from neurontui.compute.tasks.corpus.files import TextFile, corpus_files, is_lines
from neurontui.compute.tasks.corpus.texts import texts_of
from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.languages import in_paper_order, unknown_language_notes
from neurontui.compute.tasks.selection import check_asked, choose_languages
from neurontui.compute.tasks.text import counted, printable, shown
from neurontui.store.errors import InputError

TASK = "corpus"
SAMPLE = 32
"""Texts of each language that are checked, and timed, before the first pass."""

Read = Callable[[str | None, int | None], Iterator[tuple[str, str]]]
"""Language and text of each text, of one language or of all, in order; with a number, at least so many of each language
and one more, if there are, so that the rest of a long file is not read."""


@dataclass(frozen=True)
class Corpus:
    """Texts in P languages. Only the counts are in memory."""

    name: str
    """Name of its folder or file, without suffixes, or of its task."""
    languages: tuple[str, ...]
    n_texts: dict[str, int]
    n_characters: dict[str, int]
    digest: str
    """SHA-256 over languages and texts."""
    notes: tuple[str, ...]
    read: Read = field(repr=False)

    def texts(self, language: str) -> Iterator[str]:
        """The measured texts of a language, in order."""
        n = self.n_texts[language]
        return islice((text for _, text in self.read(language, n)), n)

    @property
    def total(self) -> int:
        """Number of texts in all languages."""
        return sum(self.n_texts.values())

    def sample(self) -> TaskData:
        """The first texts of each language, side by side, for the check of prompts and the estimate of time."""
        first = {code: list(islice(self.texts(code), SAMPLE)) for code in self.languages}
        n = min(map(len, first.values()))
        examples = (
            Example(str(i + 1), str(i + 1), {code: texts[i] for code, texts in first.items()}) for i in range(n)
        )
        return TaskData(TASK, self.name, 0, self.languages, tuple(examples), self.notes)


def open_corpus(options: TaskOptions, of_task: Callable[[str], TaskData | None]) -> Corpus:
    """Count the texts of a folder, a file, or a task; reads them once, with a limit only the first lines of text files.

    of_task: the examples of a task by its name or file; None if there is none. Raises InputError for texts that cannot
    be read, and for languages that the corpus does not have.
    """
    check_asked(options.languages)
    if options.data is None:
        raise InputError(
            "The task corpus reads your own texts: pass --data with a folder that has a file for each language, such "
            "as de.txt and en.txt with one text per line, or the name of a task, whose prompts are read as texts."
        )
    data = of_task(str(options.data))
    where = printable(str(options.data))
    if data is not None:
        return _counted(_of_examples(data), options, where, data.notes)
    return _counted(_of_files(corpus_files(options.data)), options, where, ())


def _of_files(files: list[TextFile]) -> Read:
    languages_in: dict[TextFile, set[str]] = {}
    """Filled when a file is first read to its end, so that later only files with a language are read for it."""

    def read(language: str | None, most: int | None) -> Iterator[tuple[str, str]]:
        for file in files:
            if language is not None and language not in languages_in.get(file, {language}):
                continue
            found: set[str] = set()
            enough = None if most is None or not is_lines(file.path) else most + 1  # other files mix languages
            for code, text in islice(texts_of(file), enough):
                found.add(code)
                if language in (None, code):
                    yield code, text
            languages_in[file] = found

    return read


def _of_examples(data: TaskData) -> Read:
    def read(language: str | None, _: int | None) -> Iterator[tuple[str, str]]:
        for code in data.languages if language is None else (language,):
            yield from ((code, example.prompts[code]) for example in data.examples)

    return read


@dataclass
class _Count:
    texts: int = 0
    characters: int = 0
    left_out: int = 0
    sha: "hashlib._Hash" = field(default_factory=hashlib.sha256)


def _counted(read: Read, options: TaskOptions, where: str, notes: Iterable[str]) -> Corpus:
    counts: dict[str, _Count] = {}
    for code, text in read(None, options.limit):
        count = counts.setdefault(code, _Count())
        if options.limit is not None and count.texts >= options.limit:
            count.left_out += 1
            continue
        count.texts += 1
        count.characters += len(text)
        count.sha.update(text.encode() + b"\0")  # a text has no NUL character
    if not counts:
        raise InputError(f"{where} contains no text.")
    languages = choose_languages(counts, options.languages, where, in_paper_order(counts))
    chosen = {code: counts[code] for code in languages}
    whole = hashlib.sha256(repr([(code, count.sha.hexdigest()) for code, count in chosen.items()]).encode())
    assert options.data is not None
    return Corpus(
        name=options.data.absolute().name.partition(".")[0],
        languages=languages,
        n_texts={code: count.texts for code, count in chosen.items()},
        n_characters={code: count.characters for code, count in chosen.items()},
        digest=whole.hexdigest(),
        notes=(*notes, *_notes(chosen, options.limit), *unknown_language_notes(languages)),
        read=read,
    )


def _notes(counts: dict[str, _Count], limit: int | None) -> Iterator[str]:
    sizes = ", ".join(f"{shown(code)} {count.texts:,}" for code, count in counts.items())
    total = sum(count.texts for count in counts.values())
    yield f"Read {counted(total, 'text')}: {sizes}."
    if limit is not None and any(count.left_out for count in counts.values()):
        yield f"Used the first {counted(limit, 'text')} of each language, as requested."
