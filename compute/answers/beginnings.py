"""How greedy answers begin, as far as texts that were fed to the model show it.

After every fed token the model gives the most likely next one. As long as the fed tokens are the most likely ones
themselves, these are the tokens that greedy decoding would generate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids


@dataclass
class Beginnings:
    """The first tokens of the greedy answer of each row, at least one."""

    tokens: list[Ids]

    @classmethod
    def after(cls, logits: Tensor) -> "Beginnings":
        """Before any text was fed. logits: (R, V) after the prompts."""
        return cls([(token,) for token in logits.argmax(-1).tolist()])

    def has_first(self, text: tuple[int, Ids]) -> bool:
        """Whether greedy decoding begins with the first token of a text. text: row and tokens."""
        row, ids = text
        return ids[:1] == self.tokens[row][:1]

    def see(self, text: tuple[int, Ids], likeliest: Sequence[int]) -> None:
        """A text was fed. likeliest: the most likely token after each of its tokens, at least all but the last."""
        row, ids = text
        path = [self.tokens[row][0]]
        for token, following in zip(ids, likeliest, strict=False):
            if token != path[-1]:
                break
            path.append(following)
        self.tokens[row] = max(self.tokens[row], tuple(path), key=len)
