"""A small results file with plausible numbers: every table filled, all of it derived from one table of activations.

`python -m tests.tui.sample FILE` is not needed: import `write_sample`. The same seed gives the same file.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from neurontui.store import schema
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.manifest import Condition, Layer, Manifest
from neurontui.store.merge.merge import merge

LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
PROMPTS = {
    "en": "The capital of {en} is",
    "de": "Die Hauptstadt von {en} ist",
    "es": "La capital de {en} es",
    "fr": "La capitale de {en} est",
    "pt": "A capital de {en} é",
    "ru": "Столица {en} — это",
    "th": "เมืองหลวงของ{en}คือ",
    "tr": "{en} ülkesinin başkenti",
    "vi": "Thủ đô của {en} là",
    "zh": "{en}的首都是",
}
ANSWERS = {
    "en": "Berlin", "de": "Berlin", "es": "Berlín", "fr": "Berlin", "pt": "Berlim",
    "ru": "Берлин", "th": "เบอร์ลิน", "tr": "Berlin", "vi": "Béc-lin", "zh": "柏林",
}  # fmt: skip
COUNTRIES = ("Germany", "德国", "เยอรมนี", "Đức", "Allemagne", "Германия", "Almanya", "Alemania")


@dataclass(frozen=True)
class Plan:
    """What a sample run measures."""

    name: str = "bloom-demo · fact"
    task: str = "fact"
    setting: str | None = None
    languages: tuple[str, ...] = LANGUAGES
    layers: int = 6
    neurons: int = 48
    examples: int = 40
    encoder: int = 0
    """Of the layers, those of an encoder."""
    attribution: bool = True
    ablation: bool = True
    answers: bool = True
    seed: int = 1


def write_sample(path: Path, *plans: Plan) -> Path:
    """Create a results file with one run a plan, the way a run does: a journal of shards, and its merge."""
    for plan in plans or (Plan(),):
        manifest, tables = journalled(plan)
        with Journal.open(path, manifest) as journal:
            journal.write(0, tables, seconds=83.5, tokens=41_200)
        merge(journal.path, path)
    return path


def journalled(plan: Plan, n_batches: int = 1) -> tuple[Manifest, dict[str, pa.Table]]:
    """The manifest of a run, and all its tables as one batch."""
    with duckdb.connect() as connection:
        connection.execute(empty_tables())
        writer = _Writer(connection, plan)
        writer.write()
        return replace(writer.manifest(), n_batches=n_batches), writer.tables()


def empty_tables() -> str:
    """SQL that makes the tables of a results file, to be filled in memory."""
    text = (Path(schema.__file__).parent / "schema.sql").read_text(encoding="utf-8")
    return re.sub(r"(?m)^COMMENT ON .*;$", "", text)


class _Writer:
    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
        self.connection, self.run, self.plan = connection, 1, plan
        self.random = np.random.default_rng(plan.seed)
        self.conditions: list[Condition] = []
        self.all_mask = (1 << len(plan.languages)) - 1

    def write(self) -> None:
        """All tables of the run."""
        self.connection.register("arrays", self._raw())
        self.connection.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM arrays")
        self._sql(
            "CREATE OR REPLACE TEMP TABLE masks AS SELECT example, example % 10 AS fold, layer, neuron, "
            "bit_or(CASE WHEN a > 0 THEN 1::UBIGINT << bit ELSE 0::UBIGINT END) AS mask FROM raw GROUP BY ALL"
        )
        self._describe()
        self._types()
        if self.plan.attribution:
            self._attribution()
        if self.plan.ablation:
            self._ablation()

    def tables(self) -> dict[str, pa.Table]:
        """Everything that a batch may bring."""
        found = {}
        for name in schema.shard_tables():
            columns = ", ".join(schema.shard_schema(name).names)
            table = self.connection.sql(f"SELECT {columns} FROM {name}").to_arrow_table()
            if table.num_rows:
                found[name] = table
        return found

    def manifest(self) -> Manifest:
        """What the run says about itself."""
        plan = self.plan
        layers = tuple(
            Layer(
                layer,
                "encoder" if layer < plan.encoder else "decoder",
                layer if layer < plan.encoder else layer - plan.encoder,
                plan.neurons,
            )
            for layer in range(plan.layers)
        )
        return Manifest(
            key=hashlib.md5(plan.name.encode()).hexdigest(),
            name=plan.name,
            model=plan.name.split(" · ")[0],
            revision=None,
            architecture="bloom",
            task=plan.task,
            setting=plan.setting,
            n_shots=0,
            languages=plan.languages,
            n_examples=plan.examples,
            n_batches=1,
            dtype="float32",
            device="cpu",
            threshold=0.0,
            started="2026-01-15T09:30:00",
            layers=layers,
            conditions=tuple(self.conditions),
            settings={"model_digest": "0" * 64, "activation": "gate", "engine": "local"},
            versions={"torch": "2.15"},
            notes=(("data", "2 examples lack a translation into th and were left out."),),
        )

    def _sql(self, text: str, **values: object) -> None:
        text = text.replace("{run}", str(self.run)).replace("{all}", str(self.all_mask))
        self.connection.execute(text, values or None)

    def _raw(self) -> pa.Table:
        plan, random = self.plan, self.random
        shape = (plan.examples, len(plan.languages), plan.layers, plan.neurons)
        depth = np.linspace(0, 1, plan.layers)[:, None]
        own = random.normal(-1.3 - 0.3 * np.sin(3 * depth), 1.0, (plan.layers, plan.neurons))
        own += 2.6 * (random.random((plan.layers, plan.neurons)) < 0.05 + 0.09 * depth)
        tongue = random.normal(0, 0.3 + 0.3 * (1 - depth), (len(plan.languages), plan.layers, plan.neurons))
        meaning = random.normal(0, 0.3, (plan.examples, 1, plan.layers, plan.neurons))
        a = own + tongue + meaning + random.normal(0, 0.25, shape)
        contribution = np.abs(np.maximum(a, -0.17)) + 0.01
        contribution /= contribution.sum(-1, keepdims=True)
        index = np.indices(shape).reshape(4, -1)
        return pa.table(
            {
                "example": index[0].astype(np.int32), "bit": index[1].astype(np.int32),
                "language": np.array(plan.languages)[index[1]],
                "layer": index[2].astype(np.int32), "neuron": index[3].astype(np.int32),
                "a": a.reshape(-1), "cs": contribution.reshape(-1),
                "es": (np.maximum(a, -0.17) * random.normal(0.05, 0.3, shape)).reshape(-1),
            }
        )  # fmt: skip

    def _describe(self) -> None:
        for layer in range(self.plan.layers):
            self._sql("INSERT INTO layers VALUES ({run}, $layer, '', 0, 0, 3)", layer=layer)
        self._insert_examples()

    def _insert_examples(self) -> None:
        rows = []
        for example in range(self.plan.examples):
            country = COUNTRIES[example % len(COUNTRIES)]
            for bit, code in enumerate(self.plan.languages):
                right = bool((example * 7 + bit * 3) % 10 < 8)
                answer = ANSWERS.get(code, "Berlin")
                said = (answer if right else "Paris") if self.plan.answers else None
                prompt = PROMPTS.get(code, "The capital of {en} is").format(en=country)
                ranked = (1 if right else 2 + example % 9, 12, -0.5 - example % 4, code, "und", "und")
                rows.append((self.run, example, f"fact-{example:03d}", f"c{example // 2}", example % 10, code, prompt,
                             answer, said, right if self.plan.answers else None, 9 + bit, prompt[-2:],
                             *(ranked if self.plan.answers else (None,) * 6)))  # fmt: skip
        names = schema.columns("examples")
        columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        self.connection.register("example_rows", pa.table(columns))
        self._sql("INSERT INTO examples SELECT * FROM example_rows")

    def _types(self) -> None:
        self._sql("INSERT INTO activations SELECT {run}, example, layer, neuron, mask FROM masks ORDER BY ALL")
        for threshold in (0.0, 0.2, 0.5):
            self._sql(
                "INSERT INTO mask_histogram SELECT {run}, $t, 'last', fold, layer, mask, count(*) FROM ("
                "SELECT example % 10 AS fold, layer, neuron, "
                "bit_or(CASE WHEN a > $t THEN 1::UBIGINT << bit ELSE 0::UBIGINT END) AS mask "
                "FROM raw GROUP BY example, layer, neuron) GROUP BY ALL ORDER BY ALL", t=threshold,
            )  # fmt: skip
        self._sql(
            "INSERT INTO mask_histogram SELECT {run}, 0.0, 'any', fold, layer, mask, count(*) FROM ("
            "SELECT example % 10 AS fold, layer, neuron, "
            "bit_or(CASE WHEN a > -0.4 THEN 1::UBIGINT << bit ELSE 0::UBIGINT END) AS mask "
            "FROM raw GROUP BY example, layer, neuron) GROUP BY ALL ORDER BY ALL"
        )
        self._sql(
            "INSERT INTO mask_joint SELECT {run}, r.language, m.fold, r.layer, m.mask, count(*), count_if(r.a <= -0.4) "
            "FROM raw r JOIN masks m USING (example, layer, neuron) GROUP BY ALL ORDER BY ALL"
        )
        self._sql(
            "INSERT INTO neuron_tokens_active SELECT {run}, language, layer, neuron, sum(9 + bit), "
            "sum(CASE WHEN a > 0 THEN 6 + bit % 3 WHEN a > -0.5 THEN 2 ELSE 0 END) FROM raw GROUP BY ALL ORDER BY ALL"
        )

    def _attribution(self) -> None:
        self._sql(
            "CREATE OR REPLACE TEMP TABLE scored AS SELECT r.*, m.mask, m.fold, "
            "row_number() OVER (PARTITION BY r.example, r.language, r.layer ORDER BY cs DESC) AS rank, "
            "CASE WHEN mask = 0 THEN 'non-activated' WHEN mask = {all} THEN 'all-shared' "
            "WHEN bit_count(mask) = 1 THEN 'specific' ELSE 'partial-shared' END AS type "
            "FROM raw r JOIN masks m USING (example, layer, neuron)"
        )
        top = "count_if(rank <= 3)"
        es = "sum(es), sum(es * es), min(es), max(es)"
        self._sql(
            f"INSERT INTO attribution SELECT {{run}}, example, language, layer, type, count(*), {top}, "
            "sum(cs), max(cs), "
            f"sum(cs) * 9, {es} FROM scored GROUP BY ALL ORDER BY ALL"
        )
        self._sql(
            f"INSERT INTO attribution_masks SELECT {{run}}, fold, language, layer, mask, count(*), {top}, "
            "sum(cs), sum(cs) * 9, "
            f"{es} FROM scored GROUP BY ALL ORDER BY ALL"
        )
        self._sql(
            f"INSERT INTO neuron_attribution SELECT {{run}}, language, layer, neuron, count(*), {top}, sum(cs), {es} "
            "FROM scored GROUP BY ALL ORDER BY ALL"
        )
        self._sql(
            "INSERT INTO top_neurons SELECT {run}, example, language, layer, rank, neuron, mask, cs, es FROM scored "
            "WHERE rank <= 3 ORDER BY example, language, layer, rank"
        )
        self._sql(
            "INSERT INTO neuron_examples SELECT {run}, layer, neuron, row_number() OVER best, "
            "example, language, a FROM raw "
            "WINDOW best AS (PARTITION BY layer, neuron ORDER BY a DESC) "
            "QUALIFY row_number() OVER best <= 8 ORDER BY ALL"
        )
        self._sql(
            "INSERT INTO prompt_tokens SELECT run, example, language, stack, len(tokens) - 1, tokens FROM ("
            "SELECT {run} AS run, example, language, stack, list_transform(string_split(prompt, ' '), "
            "lambda word, place: if(place = 1, word, ' ' || word)) AS tokens "
            "FROM examples, (SELECT DISTINCT stack FROM unnest($stacks) s(stack))) ORDER BY ALL", stacks=self._stacks(),
        )  # fmt: skip
        self._sql(
            "INSERT INTO neuron_token_values SELECT {run}, n.layer, n.neuron, n.example, n.language, "
            "list_transform(t.tokens, lambda _, place: (n.activation * place / len(t.tokens))::FLOAT) "
            "FROM neuron_examples n JOIN (SELECT DISTINCT example, language, tokens FROM prompt_tokens) t "
            "ON t.example = n.example AND t.language = n.language ORDER BY ALL"
        )
        self._sql(
            "INSERT INTO neuron_density SELECT {run}, layer, neuron, language, if(a > 0, 17 + neuron % 9, 15), "
            "count(*) FROM raw GROUP BY ALL ORDER BY ALL"
        )
        tokens = " Berlin, Deutschland,德国,เบอร์ลิน, the,\n, of,Берлин"
        self._sql(
            "INSERT INTO neuron_vocabulary SELECT {run}, layer, neuron, direction, rank, token, "
            "(CASE direction WHEN 'promotes' THEN 1 ELSE -1 END) * (3.2 - 0.31 * rank) FROM "
            "(SELECT DISTINCT layer, neuron FROM raw), (VALUES ('promotes'), ('suppresses')) d(direction), "
            "(SELECT unnest(string_split($tokens, ',')) AS token, "
            "generate_subscripts(string_split($tokens, ','), 1) AS rank) "
            "ORDER BY ALL", tokens=tokens,
        )  # fmt: skip

    def _stacks(self) -> list[str]:
        return ["encoder", "decoder"] if self.plan.encoder else ["decoder"]

    def _ablation(self) -> None:
        cases = [("baseline", None, None, None, None, 0.0, "baseline", 0.83)]
        types = (
            ("all-shared", 9.9, 0.22),
            ("partial-shared", 10.3, 0.79),
            ("specific", 3.1, 0.82),
            ("non-activated", 76.7, 0.55),
        )
        for name, percent, accuracy in types:
            cases.append(("type", name, None, None, None, percent, name, accuracy))
        for seed in (1, 2, 3):
            for at, (name, percent, _) in enumerate(types, start=1):
                cases.append(
                    (
                        "matched",
                        name,
                        None,
                        seed,
                        at,
                        percent,
                        f"matched to {name}",
                        0.81 - 0.01 * seed - percent / 400,
                    )
                )
            cases += [
                (
                    "random",
                    None,
                    share / 100,
                    seed,
                    None,
                    share,
                    f"random {share} %",
                    0.83 - share / 180,
                )
                for share in (5, 15, 25, 55, 75)
            ]
        for number, (kind, name, fraction, seed, matched, percent, label, accuracy) in enumerate(cases):
            self.conditions.append(Condition(number, kind, label, name, fraction, seed, matched_to=matched))
            self._sql(
                "INSERT INTO ablation_examples SELECT {run}, $n, example, language, "
                "CASE WHEN u < $p THEN answer ELSE 'Rome' END, "
                "u < $p, u < $p + 0.06, u < 0.9, ln(0.02 + u * $p), ($percent * 2.88)::INTEGER, "
                "CASE WHEN u < $p THEN 1 ELSE 3 END, 8, NULL FROM "
                "(SELECT *, hash(example, language, $n // 5) % 1000 / 1000 AS u FROM examples WHERE run = {run}) "
                "ORDER BY example, language",
                n=number, p=accuracy, percent=percent,
            )  # fmt: skip
