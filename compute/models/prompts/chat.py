"""Prompts in a model's own chat template (`--chat`), and what an answer begins with there.

The text is tokenized without the special tokens of the tokenizer, as `apply_chat_template` does it: BOS is
the template's, once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError

from neurontui.store.errors import ModelError

_DATE = datetime(2024, 7, 26)
"""The date for templates that write today's; otherwise a run would give other numbers tomorrow."""
_DIRECTIVES = "aAbBdHIjmMpSyY"
_PROBE = "Question 7391"
_ANSWER = "Answer 1937"


@dataclass(frozen=True)
class ChatFormat:
    """A chat template and its system text."""

    tokenizer: Any
    template: str
    """Jinja, with `_DATE` as today."""
    system: str | None
    joiner: str = ""
    """What the template puts between its generation prompt and an answer."""

    @property
    def digest(self) -> str:
        """SHA-256 of the template, in hexadecimal."""
        return hashlib.sha256(self.template.encode()).hexdigest()

    def prompt(self, text: str) -> str:
        """A prompt as the user's turn, after the system text and before the model's turn."""
        return self._rendered(text, add_generation_prompt=True)

    def answered(self, text: str, answer: str) -> str:
        """The same with the model's turn."""
        return self._rendered(text, answer)

    def _rendered(self, text: str, *answer: str, add_generation_prompt: bool = False) -> str:
        system = [{"role": "system", "content": self.system}] if self.system is not None else []
        turns = [{"role": "user", "content": text}, *({"role": "assistant", "content": said} for said in answer)]
        return str(
            self.tokenizer.apply_chat_template(
                [*system, *turns],
                chat_template=self.template,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
            )
        )


def find_chat_format(tokenizer: Any, system: str | None, model: str) -> ChatFormat:
    """The chat template of a tokenizer.

    Raises ModelError if there is none, if it fails, or if it leaves out the prompt or the system text.
    """
    try:
        template = str(tokenizer.get_chat_template())
    except ValueError:
        raise ModelError(f"'{model}' has no chat template; omit --chat, or use the model's chat version.") from None
    chat = ChatFormat(tokenizer, _with_fixed_date(template), system)
    remedy = "omit --system" if system is not None else "omit --chat"
    try:
        text = chat.prompt(_PROBE)
    except (TemplateError, TypeError, ValueError) as error:
        raise ModelError(f"The chat template of '{model}' fails ({error}); {remedy}.") from error
    if _PROBE not in text:
        raise ModelError(f"The chat template of '{model}' leaves out the user's text; omit --chat.")
    if system is not None and system.strip() not in text:
        raise ModelError(f"The chat template of '{model}' leaves out the system text; omit --system.")
    return ChatFormat(tokenizer, chat.template, system, _joiner(chat, text))


def _joiner(chat: ChatFormat, prompt: str) -> str:
    """White space between the generation prompt and an answer; empty where a finished turn differs in other ways."""
    try:
        whole = chat.answered(_PROBE, _ANSWER)
    except (TemplateError, TypeError, ValueError):
        return ""
    between, found, _ = whole.removeprefix(prompt).partition(_ANSWER)
    return between if whole.startswith(prompt) and found and not between.strip() else ""


def _with_fixed_date(template: str) -> str:
    if "strftime_now" not in template:
        return template
    date = "format"
    for letter in _DIRECTIVES:
        date += f" | replace('%{letter}', '{_DATE.strftime(f'%{letter}')}')"
    return f"{{%- macro strftime_now(format) -%}}{{{{ {date} }}}}{{%- endmacro -%}}{template}"
