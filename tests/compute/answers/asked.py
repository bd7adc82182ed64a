"""The tiny prompts as questions: with answers, choices of different lengths, and one that has neither."""

from neurontui.compute.answers.targets import AnswerBook, Targets, answer_book, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from tests.compute.tiny import LANGUAGES, PROMPTS

CHOICES = {
    "en": ("Lisbon", "Ankara", "Li", "Paris in the north"),
    "de": ("Lissabon", "Ankara", "Paris", "Rom"),
    "tr": ("Lizbon", "Ankara", "Paris", "İstanbul"),
    "zh": ("里斯本", "安卡拉", "巴黎", "罗马"),
}


def asked(languages: tuple[str, ...] = LANGUAGES) -> Batch:
    """Three examples; the third has no answer in German and no choices in Chinese."""
    examples = []
    for i in range(3):
        answers = {code: CHOICES[code][i] for code in languages}
        choices = {code: CHOICES[code] for code in languages}
        if i == 2:
            answers.pop("de", None)
            choices.pop("zh", None)
        prompts = {code: PROMPTS[code][i] for code in languages}
        examples.append(Example(f"e{i}", f"c{i}", prompts, answers, choices))
    return Batch(0, (0, 1, 2), (4, 7, 4), tuple(examples), languages)


def targets_of(loaded: LoadedModel, batch: Batch) -> Targets:
    """The targets of a batch that is the whole run."""
    return find_targets(loaded, batch, book_of(loaded, batch))


def book_of(loaded: LoadedModel, batch: Batch) -> AnswerBook:
    """The book of a batch that is the whole run."""
    return answer_book(loaded, batch.examples, batch.languages)
