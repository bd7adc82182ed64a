"""Small files with the names, formats and columns of published data sets, with rows written for the tests."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]


def parquet(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def jsonl(path: Path, rows: Rows, *, ascii_only: bool = False) -> Path:
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    return write(path, "".join(f"{line}\n" for line in lines))


def table(path: Path, rows: Rows, delimiter: str = ",", *, header: bool = True, ending: str = "\n") -> Path:
    """CSV with quotation marks where they are needed."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter, lineterminator=ending)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return write(path, stream.getvalue())


def plain_tsv(path: Path, rows: Rows, *, header: bool = True) -> Path:
    """TSV whose quotation marks are characters."""
    lines = [list(rows[0])] * header + [[str(cell) for cell in row.values()] for row in rows]
    return write(path, "".join("\t".join(line) + "\n" for line in lines))


def write(path: Path, text: str, *, bom: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


BELEBELE = {
    "eng_Latn": [
        ("The river froze in January.", "When did the river freeze?", "in May", "in January", "in July", "never", 2),
        ("Ada kept bees.", "What did Ada keep?", "bees", "cows", "cats", "hens", 1),
    ],
    "deu_Latn": [
        ("Der Fluss fror im Januar zu.", "Wann fror der Fluss zu?", "im Mai", "im Januar", "im Juli", "nie", 2),
        ("Ada hielt Bienen.", "Was hielt Ada?", "Bienen", "Kühe", "Katzen", "Hühner", 1),
    ],
    "zho_Hans": [
        ("河流在一月结冰。", "河流何时结冰？", "五月", "一月", "七月", "从不", 2),
        ("艾达养蜜蜂。", "艾达养什么？", "蜜蜂", "奶牛", "猫", "母鸡", 1),
    ],
}


def belebele_rows(code: str) -> list[dict[str, Any]]:
    """Rows of data/<language>.jsonl. The second question comes first in German."""
    rows = [
        {
            "link": f"https://example.org/{number}",
            "question_number": 1,
            "flores_passage": passage,
            "question": question,
            **{f"mc_answer{i}": answer for i, answer in enumerate(answers, 1)},
            "correct_answer_num": str(right),
            "dialect": code,
            "ds": "2023-05-03",
        }
        for number, (passage, question, *answers, right) in enumerate(BELEBELE[code])
    ]
    return rows[::-1] if code == "deu_Latn" else rows


def belebele(root: Path) -> Path:
    for code in BELEBELE:
        jsonl(root / "data" / f"{code}.jsonl", belebele_rows(code), ascii_only=True)
    return root


def flores_plus(root: Path) -> Path:
    sentences = {"eng_Latn": ("It rains.", "Cats sleep."), "deu_Latn": ("Es regnet.", "Katzen schlafen."),
                 "cmn_Hans": ("下雨了。", "猫在睡觉。")}  # fmt: skip
    for code, texts in sentences.items():
        language, script = code.split("_")
        rows = [
            {
                "id": i,
                "iso_639_3": language,
                "iso_15924": script,
                "glottocode": "stan1293",
                "text": text,
                "url": "https://example.org",
                "domain": "wikinews",
                "topic": "weather",
                "has_image": "no",
                "has_hyperlink": "no",
                "last_updated": "1.0",
            }
            for i, text in enumerate(texts)
        ]
        parquet(root / "devtest" / f"{code}.parquet", rows)
        parquet(root / "dev" / f"{code}.parquet", rows[:1])
    return root


def _mmlu(code: str) -> list[tuple[str, str, str, str, str, str]]:
    words = {"en": ("What is 2 + 2?", "Capital of France?"), "de": ("Was ist 2 + 2?", "Hauptstadt von Frankreich?"),
             "fr": ("Que font 2 + 2 ?", "Capitale de la France ?")}[code]  # fmt: skip
    return [(words[0], "3", "4", "5", "6", "B"), (words[1], "Rome", "Bonn", "Oslo", "Paris", "D")]


def global_mmlu(root: Path) -> Path:
    for code in ("en", "de", "fr"):
        rows = [
            {
                "sample_id": f"arithmetic/test/{i}",
                "subject": "arithmetic",
                "subject_category": "STEM",
                "question": question,
                **dict(zip(("option_a", "option_b", "option_c", "option_d"), options, strict=True)),
                "answer": answer,
                "required_knowledge": "[]",
                "is_annotated": False,
            }
            for i, (question, *options, answer) in enumerate(_mmlu(code))
        ]
        parquet(root / code / "test-00000-of-00001.parquet", rows)
        parquet(root / code / "dev-00000-of-00001.parquet", rows[:1])
    return root


def mmmlu(root: Path) -> Path:
    """CSV with an unnamed first column, which counts within a subject, and cells of several lines."""
    for locale, code in {"DE-DE": "de", "FR-FR": "fr"}.items():
        rows = [
            {"": 0, "Question": f"{question}\nÜberlegen, „gut“.", **dict(zip("ABCD", options, strict=True)),
             "Answer": answer, "Subject": f"subject_{i}"}
            for i, (question, *options, answer) in enumerate(_mmlu(code))
        ]  # fmt: skip
        table(root / "test" / f"mmlu_{locale}.csv", rows)
    return root


def bmlama(root: Path) -> Path:
    """Unquoted TSV; the second Turkish prompt goes on after the mask, and the third answer is no candidate."""
    facts = {
        "en": [("Kant was born in <mask>.", "Bonn", "Rome, Oslo, Bonn", "Kant"),
               ('"Help" is by <mask> .', "Lennon", "Lennon, Bach, Kant", '"Help"'),
               ("Bach died in <mask>.", "Leipzig", "Rome, Oslo, Bonn", "Bach")],
        "es": [("Kant nació en <mask>.", "Bonn", "Roma, Oslo, Bonn", "Kant"),
               ("«Help» es de <mask>.", "Lennon", "Lennon, Bach, Kant", "«Help»"),
               ("Bach murió en <mask>.", "Roma", "Roma, Oslo, Bonn", "Bach")],
        "tr": [("Kant'ın doğum yeri <mask>.", "Bonn", "Roma, Oslo, Bonn", "Kant"),
               ("Help <mask> tarafından yazıldı.", "Lennon", "Lennon, Bach, Kant", "Help"),
               ("Bach'ın öldüğü yer <mask>.", "Roma", "Roma, Oslo, Bonn", "Bach")],
    }  # fmt: skip
    columns = ("Prompt", "Ans", "Candidate Ans", "Subject")
    for code, rows in facts.items():
        plain_tsv(root / "BMLAMA17" / f"{code}.tsv", [dict(zip(columns, row, strict=True)) for row in rows])
    return root


def eclektic(root: Path) -> Path:
    codes = ("de", "en", "es", "fr", "he", "hi", "id", "it", "ja", "ko", "pt", "zh")
    rows = [
        {
            "q_id": name,
            "original_lang": "de",
            "title": "Bonn",
            "url": "https://de.wikipedia.org/wiki/Bonn",
            "question": f"{name} de?",
            "answer": f"{name} Antwort",
            "content": "Bonn ist …",
            **{f"{code}_q": f"{name} {code}?" for code in codes},
            **{f"{code}_a": f"{name} answer {code}" for code in codes},
            **{f"{code}_c": "…" for code in codes},
        }
        for name in ("q1", "q2")
    ]
    jsonl(root / "eclektic_main.jsonl", rows)
    return root


def xcopa(root: Path) -> Path:
    pairs = {"et": ("Uks avanes.", "Ta lükkas seda.", "Ta magas."), "zh": ("门开了。", "他推了门。", "他睡了。"),
             "th": ("ประตูเปิด", "เขาผลักมัน", "เขานอน")}  # fmt: skip
    for code, (premise, one, other) in pairs.items():
        rows = [
            {"premise": premise, "choice1": one, "choice2": other, "question": "cause", "label": 0, "idx": 7,
             "changed": False},
            {"premise": premise, "choice1": other, "choice2": one, "question": "effect", "label": 1, "idx": 9,
             "changed": False},
        ]  # fmt: skip
        parquet(root / code / "test-00000-of-00001.parquet", rows)
        parquet(root / code / "validation-00000-of-00001.parquet", rows[:1])
        parquet(root / f"translation-{code}" / "test-00000-of-00001.parquet", rows)
    return root


def paws_x(root: Path) -> Path:
    """The third pair has no label in French, and the fourth no translation."""
    texts = {"en": ('He said "no".', "He ate it"), "fr": ("Il a dit « non ».", "Il l'a mangé")}
    for code, (one, other) in texts.items():
        rows = [
            {"id": i, "sentence1": one, "sentence2": other if i % 2 else one, "label": (i + 1) % 2}
            for i in range(1, 13)
        ]
        if code == "fr":
            rows[2]["label"] = -1
            rows[3]["sentence2"] = "NS"
        parquet(root / code / "test-00000-of-00001.parquet", rows)
    return root


def multiblimp(root: Path) -> Path:
    """TSV of pandas with an index; German has a pair more, and the second English pair differs in its first word."""
    pairs = {
        "eng": [("The dogs near Ada sleep here.", "The dogs near Ada sleeps here."),
                ("Are they here?", "Is they here?"), ("We are old.", "We is old.")],
        "deu": [("Die Hunde schlafen hier.", "Die Hunde schläft hier."), ("Wir sind da.", "Wir ist da."),
                ("Du bist alt.", "Du sind alt."), ("Ich bin es.", "Ich sind es.")],
    }  # fmt: skip
    for code, rows in pairs.items():
        named = [{"": i, "sen": a, "wrong_sen": b, "phenomenon": "SV-#"} for i, (a, b) in enumerate(rows)]
        table(root / code / "data.tsv", named, "\t")
    return root


def mgsm(root: Path) -> Path:
    """TSV without a header, with single quotation marks in a cell."""
    problems = {"en": ('Ada has 3 "red" bees', "Tom buys 2 hens"),
                "de": ('Ada hat 3 "rote Bienen', "Tom kauft 2 Hühner"), "ja": ("エイダは3匹", "トムは2羽")}  # fmt: skip
    for code, (one, other) in problems.items():
        rows = [{"question": one, "answer": 3}, {"question": other, "answer": 2}]
        plain_tsv(root / f"mgsm_{code}.tsv", rows, header=False)
    return root
