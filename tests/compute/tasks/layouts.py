"""XNLI's test split in every layout it is published in, written small by the tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Write = Callable[..., Path]
Row = tuple[str, str]
Columns = Mapping[str, Sequence[Row]]

WORDS = ("entailment", "neutral", "contradiction")
OFFICIAL = [
    "language",
    "gold_label",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "promptID",
    "pairID",
    "genre",
    "label1",
    "label2",
    "label3",
    "label4",
    "label5",
    "sentence1_tokenized",
    "sentence2_tokenized",
    "match",
]

ROWS: dict[str, list[Row]] = {
    "en": [
        ("It {rains}.", 'He said "no".'),
        ("It {rains}.", "It's dry."),
        ("Cats run.", "Some do."),
    ],
    "de": [
        ("Es regnet.", "Er sagte „nein“."),
        ("Es regnet.", "Es ist trocken."),
        ("Katzen.", "Ja."),
    ],
    "zh": [("下雨了。", "他说不。"), ("下雨了。", "很干。"), ("猫跑。", "有些。")],
}
LABELS = [1, 2, 0]


def xtreme(root: Path, columns: Columns = ROWS, labels: Sequence[int] | None = None) -> Path:
    """test-xx.tsv: premise, hypothesis, and a label only where one is given."""
    for code, rows in columns.items():
        ends = [f"\t{label}" for label in labels] if labels else [""] * len(rows)
        lines = [f"{a}\t{b}{end}\n" for (a, b), end in zip(rows, ends, strict=True)]
        _write(root / f"test-{code}.tsv", "".join(lines))
    return root


def jsonl(root: Path, columns: Columns = ROWS, labels: Sequence[int] = LABELS) -> Path:
    """xx/test.jsonl with premise, hypothesis and label."""
    for code, rows in columns.items():
        lines = [
            json.dumps({"premise": a, "hypothesis": b, "label": label}) + "\n"
            for (a, b), label in zip(rows, labels, strict=True)
        ]
        _write(root / code / "test.jsonl", "".join(lines))
    return root


def parquet(root: Path, columns: Columns = ROWS, labels: Sequence[int] = LABELS) -> Path:
    """The hub's folder a language, with a train split that is not to be read."""
    for code, rows in columns.items():
        table = pa.table(
            {
                "premise": [a for a, _ in rows],
                "hypothesis": [b for _, b in rows],
                "label": pa.array(labels, pa.int64()),
            }
        )
        (root / code).mkdir(parents=True)
        pq.write_table(table, root / code / "test-00000-of-00001.parquet")
        pq.write_table(table.slice(0, 1), root / code / "train-00000-of-00001.parquet")
    return root


def all_languages(root: Path, columns: Columns = ROWS, labels: Sequence[int] = LABELS) -> Path:
    """The hub's all_languages: a struct of premises, and hypotheses as two lists."""
    codes = list(columns)
    table = pa.table(
        {
            "premise": [{code: columns[code][i][0] for code in codes} for i in range(len(labels))],
            "hypothesis": [
                {"language": codes, "translation": [columns[code][i][1] for code in codes]} for i in range(len(labels))
            ],
            "label": pa.array(labels, pa.int64()),
        }
    )
    (root / "all_languages").mkdir(parents=True)
    pq.write_table(table, root / "all_languages" / "test-00000-of-00001.parquet")
    return root


def official(root: Path, columns: Columns = ROWS, labels: Sequence[int] = LABELS) -> Path:
    """The 19 columns of xnli.test.tsv, language below language, unquoted."""
    lines = ["\t".join(OFFICIAL)]
    for code, rows in columns.items():
        for number, ((a, b), label) in enumerate(zip(rows, labels, strict=True), 1):
            cells = dict.fromkeys(OFFICIAL, "-") | {
                "language": code,
                "gold_label": WORDS[label],
                "sentence1": a,
                "sentence2": b,
                "pairID": str(number),
            }
            lines.append("\t".join(cells.values()))
    _write(root / "xnli.test.tsv", "\n".join(lines) + "\n")
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
