"""Fact probing: the capital of a country or region, in the paraphrases of mParaRel.

One example is one tuple with the k-th template of every language; its cluster is the tuple. Chinese labels and
templates are from the simplified folder, or from the traditional folder if the simplified one lacks the tuple.
"""

from collections.abc import Mapping

from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.fact.mpararel import Capital, Folder, read_folders
from neurontui.compute.tasks.languages import by_short_code
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.text import counted, listed
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import short_code

MIN_TEMPLATES = 3
"""The paper uses at least three paraphrases per language."""

_CHINESE = ("zh-hans", "zh-hant")

_Version = tuple[Capital, Folder]
"""A tuple in one language, and its folder."""


def load_fact(options: TaskOptions) -> TaskData:
    """mParaRel's P36, aligned by lineid over the languages; prompts end before the capital."""
    assert options.data is not None
    folders = read_folders(options.data)
    only_simplified = _only_simplified(options.languages)
    sources = _sources(folders, only_simplified)
    languages = choose_languages(sources, options.languages, "mParaRel")
    versions = {lineid: _versions(lineid, languages, sources) for lineid in _lineids(languages, sources)}
    whole = {lineid: by_language for lineid, by_language in versions.items() if len(by_language) == len(languages)}
    _require_aligned(whole)
    n_templates = _n_templates(whole)
    examples = tuple(
        _example(lineid, k, by_language) for k in range(n_templates) for lineid, by_language in whole.items()
    )
    notes = _notes(versions, whole, languages, n_templates)
    if only_simplified:
        notes = (*notes, "Chinese (zh) is the simplified folder only, as requested.")
    return TaskData("fact", None, 0, languages, examples, notes)


def _only_simplified(asked: tuple[str, ...] | None) -> bool:
    """Whether zh-hans was requested: its short code is zh, but the script is specified."""
    return any(short_code(code) == "zh" and "hans" in code.lower() for code in asked or ())


def _sources(folders: Mapping[str, Folder], only_simplified: bool) -> dict[str, list[Folder]]:
    """Short code to the folders in which a tuple is searched, in order."""
    names = () if "zh" in folders else ("zh-hans",) if only_simplified else _CHINESE
    chinese = [folders[name] for name in names if name in folders]
    own = by_short_code({name: [folder] for name, folder in folders.items() if name not in names})
    traditional = {"zh-Hant": [folders["zh-hant"]]} if "zh-hant" in folders else {}
    return ({"zh": chinese} if chinese else {}) | own | traditional


def _lineids(languages: tuple[str, ...], sources: Mapping[str, list[Folder]]) -> list[int]:
    return sorted({i for code in languages for folder in sources[code] for i in folder.capitals})


def _versions(lineid: int, languages: tuple[str, ...], sources: Mapping[str, list[Folder]]) -> dict[str, _Version]:
    """The tuple in each language that has it, from the first folder that does."""
    versions: dict[str, _Version] = {}
    for code in languages:
        for folder in sources[code]:
            if lineid in folder.capitals:
                versions.setdefault(code, (folder.capitals[lineid], folder))
    return versions


def _require_aligned(whole: Mapping[int, Mapping[str, _Version]]) -> None:
    for lineid, versions in whole.items():
        if len({capital.uris for capital, _ in versions.values()}) > 1:
            raise InputError(f"lineid {lineid} of mParaRel is not the same fact in all languages.")


def _n_templates(whole: Mapping[int, Mapping[str, _Version]]) -> int:
    """Number of templates that every language has."""
    kept = {code: len(folder.templates) for by_language in whole.values() for code, (_, folder) in by_language.items()}
    fewest = min(
        (len(folder.templates) for by_language in whole.values() for _, folder in by_language.values()), default=0
    )
    short = [code for code, n in kept.items() if n < MIN_TEMPLATES]
    if whole and fewest < MIN_TEMPLATES:
        raise InputError(
            f"mParaRel has fewer than {MIN_TEMPLATES} valid templates that end in [Y] in "
            f"{listed(short)}; leave it out with --languages."
        )
    return fewest


def _example(lineid: int, k: int, versions: Mapping[str, _Version]) -> Example:
    return Example(
        id=f"P36-{lineid}-{k}",
        cluster=f"P36-{lineid}",
        prompts={code: _prompt(folder.templates[k], capital.subject) for code, (capital, folder) in versions.items()},
        answers={code: capital.city for code, (capital, _) in versions.items()},
        spans={code: capital.subject for code, (capital, _) in versions.items()},
    )


def _prompt(template: str, subject: str) -> str:
    """The prompt, with the template's first letter in upper case; the subject is not changed."""
    return (template[:1].upper() + template[1:]).replace("[X]", subject)


def _notes(
    versions: Mapping[int, Mapping[str, _Version]],
    whole: Mapping[int, Mapping[str, _Version]],
    languages: tuple[str, ...],
    n_templates: int,
) -> tuple[str, ...]:
    dropped = [by_language for by_language in versions.values() if len(by_language) < len(languages)]
    lacking = {code: sum(code not in by_language for by_language in dropped) for code in languages}
    notes = [
        f"Read {counted(len(versions), 'tuple')} of mParaRel P36; {len(whole):,} are aligned over "
        f"{counted(len(languages), 'language')}.",
        f"One example is a tuple with one of {n_templates} templates: {len(whole) * n_templates:,} examples.",
    ]
    if dropped:
        by_language = listed(f"{code} {n:,}" for code, n in lacking.items() if n)
        notes.append(f"Left out {counted(len(dropped), 'tuple')} that lack a language ({by_language}).")
    bad = {id(folder): folder.n_bad for by_language in whole.values() for _, folder in by_language.values()}
    if total := sum(bad.values()):
        notes.append(f"Left out {counted(total, 'template')} known to be mistranslated.")
    return tuple(notes)
