"""The list of conditions: complete, numbered, and refused in a sentence where it does not fit the model."""

from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.ablation.conditions import ablation_notes, plan_conditions
from neurontui.compute.ablation.options import AblationOptions, UserNeuron, UserSet
from neurontui.compute.ablation.user_sets import (
    check_neurons,
    language_notes,
    language_of_run,
    read_neurons,
)
from neurontui.compute.ablation.values import Value, parse_value, parse_values, require_data, require_model
from neurontui.compute.config import RunConfig
from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Layer

LANGUAGES = ("en", "de", "tr")
LAYERS = (Layer(0, "decoder", 0, 48), Layer(1, "decoder", 1, 48))


def test_the_paper_s_conditions_with_a_control_for_every_type() -> None:
    planned = plan_conditions(AblationOptions(), LAYERS, 10)
    assert [each.condition for each in planned] == list(range(len(planned)))
    assert planned[0].kind == "baseline"
    types = [each.type for each in planned if each.kind == "type"]
    assert types == ["all-shared", "partial-shared", "specific", "non-activated"]
    random = [(each.fraction, each.seed) for each in planned if each.kind == "random"]
    assert random == [(f, s) for f in (0.05, 0.15, 0.25, 0.55, 0.75) for s in (0, 1, 2)]
    controlled = {each.type for each in planned if each.matched_to is not None}
    assert controlled == set(types)
    assert len({each.label for each in planned}) == len(planned)


def test_controls_point_at_what_they_are_matched_to() -> None:
    planned = plan_conditions(AblationOptions(), LAYERS, 10)
    for each in planned:
        if each.kind == "matched":
            assert planned[each.matched_to].kind == "type"
            assert planned[each.matched_to].type == each.type
        if each.kind == "dose" and each.matched_to is not None:
            own = planned[each.matched_to]
            assert (own.kind, own.type, own.fraction, own.seed) == (
                "dose",
                each.type,
                each.fraction,
                each.seed,
            )
            assert own.matched_to is None


def test_notes_say_what_controls_are() -> None:
    planned = plan_conditions(AblationOptions(), LAYERS, 10)
    assert len(ablation_notes(planned, "generated")) == 2
    only_types = plan_conditions(AblationOptions(matched=(), doses=()), LAYERS, 10)
    assert ablation_notes(only_types, "generated") == ()
    assert len(ablation_notes(only_types, "teacher-forced")) == 1
    assert ablation_notes((), "teacher-forced") == ()  # no ablation


def test_few_languages_have_fewer_types() -> None:
    def types(n: int) -> set[str | None]:
        planned = plan_conditions(AblationOptions(), LAYERS, n)
        assert n > 1 or not any(each.kind in ("matched", "dose") for each in planned)
        return {each.type for each in planned if each.kind != "random"} - {None}

    assert types(2) == {"all-shared", "specific", "non-activated"}
    assert types(1) == {"all-shared", "non-activated"}


def test_choices_hold_for_all_conditions_but_the_baseline() -> None:
    options = AblationOptions(
        scope="last", values=(Value("mean"),), layers=(1,), user_sets=(UserSet("mine", (UserNeuron(1, 3),)),)
    )
    planned = plan_conditions(options, LAYERS, 4)
    assert (planned[0].scope, planned[0].value, planned[0].layers) == ("all", "0", None)
    assert {(each.scope, each.value, each.layers) for each in planned[1:]} == {("last", "mean", (1,))}
    assert {each.target for each in planned[1:]} == {"weight"}
    assert planned[0].target is None
    assert (planned[-1].kind, planned[-1].label) == ("user", "mine at their mean")


def test_every_set_has_one_condition_for_each_value() -> None:
    values = parse_values(("zero", "mean", "scale:2"))
    one, three = AblationOptions(fractions=(0.25,)), AblationOptions(fractions=(0.25,), values=values)
    alone, together = (plan_conditions(options, LAYERS, 4) for options in (one, three))
    n = len(alone) - 1
    assert together[: n + 1] == alone
    assert [each.value for each in together[1:]] == [text for text in ("0", "mean", "scale:2") for _ in range(n)]
    assert [each.condition for each in together] == list(range(len(together)))
    assert len({each.label for each in together}) == len(together)
    for each in together:
        if each.matched_to is not None:
            own = together[each.matched_to]
            assert (own.value, own.type, own.fraction) == (each.value, each.type, each.fraction)


def test_patches_are_layers_one_by_one_and_all_together() -> None:
    options = AblationOptions(scope="last", values=parse_values(("patch:deu_Latn",)))
    planned = plan_conditions(options, LAYERS, 4)
    assert [(each.kind, each.layers, each.value) for each in planned[1:]] == [
        ("layer", (0,), "patch:de"), ("layer", (1,), "patch:de"), ("layer", None, "patch:de"),
    ]  # fmt: skip
    assert [each.label for each in planned[1:]] == [
        f"{what} patched from de" for what in ("layer 0", "layer 1", "all layers")
    ]
    some = plan_conditions(replace(options, layers=(1,)), LAYERS, 4)
    assert [each.layers for each in some[1:]] == [(1,)]


@pytest.mark.parametrize(
    ("text", "stored", "label"),
    [
        ("0", "0", "w/o X"), ("zero", "0", "w/o X"), ("mean", "mean", "X at their mean"),
        ("resample", "resample", "X resampled"), ("mean-of:zho_Hans", "mean-of:zh", "X at the mean of zh"),
        ("scale:2.0", "scale:2", "X times 2"), ("scale:-0.5", "scale:-0.5", "X times -0.5"),
        ("scale:-0", "scale:0", "X times 0"), ("add:1e0", "add:1", "X +1 SD"), ("add:-2", "add:-2", "X -2 SD"),
        ("patch:DE", "patch:de", "X patched from de"),
    ],
)  # fmt: skip
def test_values_are_stored_in_one_spelling(text: str, stored: str, label: str) -> None:
    assert (parse_value(text).text, parse_value(text).label("X")) == (stored, label)
    assert parse_value(stored) == parse_value(text)


@pytest.mark.parametrize(
    "text", ["1", "", "scale", "scale:", "scale:x", "add:nan", "add:inf", "mean:de", "patch", "patch:", "Zero"]
)
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--ablation-value cannot be"):
        parse_value(text)


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="'mean' twice"):
        parse_values(("mean", "zero", "mean"))
    with pytest.raises(UsageError, match="at least one"):
        parse_values(())
    with pytest.raises(UsageError, match=r"mean-of:fr .* en, de"):
        require_data(parse_values(("mean-of:fr",)), ("en", "de"), ("a", "b"))
    with pytest.raises(UsageError, match="one cluster"):
        require_data(parse_values(("resample",)), ("en", "de"), ("a", "a"))
    with pytest.raises(UsageError, match=r"mean needs .* use zero or scale:K"):
        require_model(parse_values(("zero", "mean")), routed=True)
    require_model(parse_values(("zero", "scale:2")), routed=True)
    with pytest.raises(UsageError, match="--ablation-scope last"):
        RunConfig("m", "t", Path("o.duckdb"), ablation_value=("patch:de",))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (AblationOptions(scope="some"), UsageError, "'some' is not a scope"),
        (
            AblationOptions(
                scope="last", values=(Value("patch", "de"),), user_sets=(UserSet("mine", (UserNeuron(1, 3),)),)
            ),
            UsageError,
            "--ablation-sets would not be used",
        ),
        (AblationOptions(fractions=(1.5,)), UsageError, "1.5 is not a share"),
        (AblationOptions(layers=(2,)), InputError, "no layer 2 to ablate.*0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(options: AblationOptions, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        plan_conditions(options, LAYERS, 4)


def test_a_csv_names_neurons(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("\ufeffNeuron, layer \n3,0\n\n47,1\n3,0\n", encoding="utf-8")
    found = read_neurons(path, LAYERS, LANGUAGES)
    assert found.neurons == (UserNeuron(0, 3), UserNeuron(1, 47))
    assert found.label == "w/o mine.csv (2 neurons)"
    assert language_notes([found], LANGUAGES) == ()


def test_a_csv_names_neurons_by_language(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("layer,neuron,language\n0,3,de\n1,4,EN\n1,9,\n0,3,en\n1,9,en\n")
    found = read_neurons(path, LAYERS, LANGUAGES)
    assert found.neurons == (
        UserNeuron(0, 3, "de"),
        UserNeuron(1, 4, "en"),
        UserNeuron(1, 9),
        UserNeuron(0, 3, "en"),
        UserNeuron(1, 9, "en"),
    )
    assert found.label == "w/o mine.csv (en 3, de 2, tr 1 neurons)"
    [(topic, text)] = language_notes([found], LANGUAGES)
    assert topic == "ablation"
    assert "en 3, de 2, tr 1" in text
    many = read_neurons(path, LAYERS, ("en", "de", "tr", "zh", "fr"))
    assert many.label == "w/o mine.csv (1 to 3 neurons by language)"


def test_a_language_is_found_in_whatever_form_it_is_written() -> None:
    languages = ("en", "zh", "zh-Hant")
    for code in ("en", "EN", "eng", "eng_Latn"):
        assert language_of_run(code, languages) == "en"
    assert language_of_run("zho_Hant", languages) == "zh-Hant"
    assert language_of_run("zh", ("zh-Hant",)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("layer,neuron\n0,48\n", "neuron 48 of layer 0, which has neurons 0 to 47"),
        ("layer,neuron\n0,-1\n", "neuron -1 of layer 0"),
        ("layer,neuron\n2,0\n", "layer 2, but this model has layers 0 to 1"),
        ("layer,neuron\n0,1\n1,x\n", "line 3: neuron is 'x'"),
        ("layer,neuron\n0\n", "line 2: 1 cells for 2 columns"),
        ("layer,neuron\n0,1,2\n", "line 2: 3 cells for 2 columns"),
        ("layer,neuron\n0,1_0\n", "line 2: neuron is '1_0'"),
        ("layer,neuron\n0,1.0\n", "line 2: neuron is '1.0'"),
        (
            "layer,neuron,score\n0,1,2\n",
            "column 'score'; the columns are layer, neuron and, optionally, language; remove it",
        ),
        (",layer,neuron\n0,0,1\n", "column ''"),
        ("layer,neuron,languages\n0,1,en\n", "column 'languages'"),
        ("layer,neuron,layer\n0,1,1\n", "column 'layer' twice"),
        ("layer;neuron\n0;1\n", "no column 'layer'"),
        ("layer,neuron,language\n0,1,en\n0,1,fr\n", "line 3 names the language 'fr'.*en, de, tr"),
        ("layer,unit\n0,1\n", "no column 'neuron'"),
        ("", "no column 'layer'"),
        ("layer,neuron\n", "names no neurons"),
    ],
)
def test_a_csv_that_cannot_be_used_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        read_neurons(path, LAYERS, LANGUAGES)
    assert "bad.csv" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.csv cannot be read"):
        read_neurons(tmp_path / "gone.csv", LAYERS, LANGUAGES)
    (tmp_path / "binary.csv").write_bytes(b"layer,neuron\n\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary.csv is not a CSV file"):
        read_neurons(tmp_path / "binary.csv", LAYERS, LANGUAGES)


def test_pairs_from_a_query_are_checked_the_same_way() -> None:
    pair = (1, 2, None)
    found = check_neurons("the query", [pair, pair], LAYERS, LANGUAGES)
    assert found.neurons == (UserNeuron(1, 2),)
    with pytest.raises(InputError, match="the query names layer 7"):
        check_neurons("the query", [(7, 2, None)], LAYERS, LANGUAGES)
    with pytest.raises(InputError, match="the query names the language 'xx'"):
        check_neurons("the query", [(1, 2, "xx")], LAYERS, LANGUAGES)
