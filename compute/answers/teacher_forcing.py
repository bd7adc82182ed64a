"""Judge answers by teacher forcing: the expected answer is fed after the prompt instead of generating one.

The pass gives the log-probability of the answer, the rank of the choices, and the beginning of the greedy answer: its
tokens up to the first that differs from the answer (or from a choice), or up to the one after it. This beginning is
judged like a generated answer. docs/method.md, "Teacher forcing", lists where the two verdicts can differ.
"""

from dataclasses import replace

from torch import Tensor

from neurontui.compute.answers.beginnings import Beginnings
from neurontui.compute.answers.decoder import Decoder, Reading
from neurontui.compute.answers.first_token_rank import with_first_ranks
from neurontui.compute.answers.judge import Outcome, judge
from neurontui.compute.answers.predict import AnswerOptions, Prepared
from neurontui.compute.answers.ranking import rank
from neurontui.compute.models.passes.microbatches import Rows


def forced_answer(
    decoder: Decoder,
    prepared: Prepared,
    rows: Rows,
    options: AnswerOptions,
    reading: Reading,
    logits: Tensor,
) -> list[Outcome]:
    """Outcomes of some rows after reading their prompts; does not modify the cache of `reading`.

    The prediction of an outcome is the known beginning of the greedy answer. Without an expected answer no text is fed,
    so `valid` is None.
    """
    asked = [prepared.questions[row] for row in rows]
    beginnings = Beginnings.after(logits)
    ranked = rank(decoder, reading, logits, [question.choice_ranking for question in asked], beginnings)
    outcomes = []
    for question, tokens, of_row in zip(asked, beginnings.tokens, ranked, strict=True):
        text = prepared.ending.text(prepared.ending.cut(tokens, options.max_new_tokens))
        outcome = judge(question, text, of_row)
        outcomes.append(replace(outcome, valid=None) if of_row is None else outcome)
    return with_first_ranks(outcomes, asked, logits)
