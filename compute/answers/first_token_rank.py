"""The rank of the answer's first token among the first tokens of all candidates.

It needs no other pass than that of the prompt, so it is known under every condition of an ablation, where a rank of
whole candidates would cost many times the condition itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from neurontui.compute.answers.judge import Outcome, Question


def with_first_ranks(outcomes: Sequence[Outcome], questions: Sequence[Question], logits: Tensor) -> list[Outcome]:
    """Outcomes of R prompts with `first_rank` and `n_first`. logits: (R, V) after the prompts.

    The rank is 1 + number of other first tokens that are strictly more likely. None without an answer or candidates,
    and if the answer begins with a token of white space, after which only its first word distinguishes it.
    """
    ranked = []
    for row, (outcome, question) in enumerate(zip(outcomes, questions, strict=True)):
        target = question.target
        if target is not None and target.first == 0 and len(target.first_tokens) > 1:
            n_above = int((logits[row, list(target.first_tokens)] > logits[row, target.word]).sum())
            outcome = replace(outcome, first_rank=1 + n_above, n_first=len(target.first_tokens))
        ranked.append(outcome)
    return ranked
