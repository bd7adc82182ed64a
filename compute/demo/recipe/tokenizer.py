"""The demo's tokenizer: byte-level BPE like BLOOM's, trained only on the demo's text.

In Chinese and Thai, which have no spaces, a merge across prompt and answer would hide the beginning of the answer, so
the words of their templates are split off before BPE. Each part of the fixed English frame around an inference becomes
one token, which halves the length of those prompts.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.facts import Fact
from neurontui.compute.demo.recipe.prompts import LABELS, NLI_FRAME, edit_prompt, phrasing

VOCABULARY_SIZE = 4096
SPECIAL_TOKENS = ("<unk>", "<s>", "</s>", "<pad>")
TEMPLATE_WEIGHT = 20
# Latin names occur in several languages; names in these scripts would be split into many tokens.
NAME_WEIGHT = {"ru": 2, "th": 2, "zh": 2}
# BLOOM's split, with the quotation mark as punctuation: a name has the same tokens inside quotes, which inference
# about quoted statements needs.
WORDS = r" ?'| ?[^(\s|'[.,!?…。，、।۔،])]+"


def pieces(facts: tuple[Fact, ...]) -> Iterator[str]:
    """The text BPE learns from: names with and without a space before them, words of templates.

    Held-out phrasings are left out, so that they consist of tokens that occur in training.
    """
    for language in LANGUAGES:
        for fact in facts:
            for name in (fact.country[language], fact.capital[language]):
                yield from [name, " " + name] * NAME_WEIGHT.get(language, 1)
        for word in phrasing(language).words:
            yield from [word, " " + word] * TEMPLATE_WEIGHT
    edit_frame = edit_prompt("Question:\n", "\n").split("\n")
    for part in (*edit_frame, *NLI_FRAME, *(" " + label for label in LABELS)):
        yield from [part] * TEMPLATE_WEIGHT


def unspaced_words() -> str:
    """A pattern for the template words of languages written without spaces, longest first."""
    unspaced = [phrasing(language) for language in LANGUAGES if not phrasing(language).joiner]
    words = {word.strip() for entry in unspaced for word in entry.words}
    ordered = sorted((w for w in words if not w.isascii()), key=lambda w: (-len(w), w))
    return f" ?(?:{'|'.join(map(re.escape, ordered))})"


def splits() -> list[pre_tokenizers.PreTokenizer]:
    """Boundaries that no token crosses: the frame's parts, template words, and then BLOOM's words."""
    frame = "|".join(map(re.escape, NLI_FRAME))
    return [
        pre_tokenizers.Split(Regex(f"{frame}|{unspaced_words()}"), behavior="isolated"),
        pre_tokenizers.Split(Regex(f"{frame}|{WORDS}"), behavior="isolated"),
    ]


def train_tokenizer(facts: tuple[Fact, ...], ends_input: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer with BLOOM's special tokens; it pads on the left, like BLOOM's.

    ends_input: end every input with </s>, as mT5's tokenizer does.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*splits(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    unk, bos, eos, pad = SPECIAL_TOKENS
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(pieces(facts), trainer)
    if ends_input:
        end = (eos, SPECIAL_TOKENS.index(eos))
        tokenizer.post_processor = processors.TemplateProcessing(f"$A {eos}", special_tokens=[end])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token=unk,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the files `AutoTokenizer.from_pretrained(folder)` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(str(folder))
    # The models are trained without BOS; transformers does not write this.
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"add_bos_token": False}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
