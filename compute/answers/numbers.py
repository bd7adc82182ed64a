"""Normalize the numbers in a text, and decide whether a number continues. Works on text only, for all languages.

Ambiguous numbers (1.000 is a thousand in German and one in English) keep their spelling, so they equal only themselves.
"""

import re
import unicodedata

_SIGNS = "$¢£¤¥֏؋৲৳৻૱௹฿៛₠-⃀﷼"
"""Currency signs, as a class of a regular expression."""
_SCALE_WORDS = """
hundred thousand million millions billion billions trillion trillions dozen lakh crore
hundert tausend millionen milliarde milliarden billionen dutzend
cien mil millón millones cem milhão milhões bilhão bilhões mille milliard milliards
тысяча тысячи тысяч миллион миллиона миллионов миллиард миллиарда миллиардов
yüz bin milyon milyar trăm nghìn ngàn triệu tỷ tỉ ألف آلاف مليون مليار हजार लाख करोड़
"""
_SCALES = frozenset(_SCALE_WORDS.split())
"""Words that multiply the number before them."""
_UNSPACED_SCALES = ("ร้อย", "พัน", "หมื่น", "แสน", "ล้าน")

_RUN = re.compile(r"(?<![.,'\d])\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?|(?:(?<![.,'\d])\.)?\d(?:[.,']?\d)*")
"""Digits with possible separators between them."""
_WHOLE, _GROUPED = r"(0|[1-9]\d*)", r"[1-9]\d{0,2}"
_FORMS = tuple(
    re.compile(form)
    for form in (
        _WHOLE,
        rf"({_GROUPED}(?:,\d{{3}})+)(?:\.(\d+))?",
        rf"({_GROUPED}(?:\.\d{{3}}){{2,}})(?:,(\d+))?",
        rf"({_GROUPED}\.\d{{3}}),(\d+)",
        rf"({_GROUPED}(?:'\d{{3}})+)(?:\.(\d+))?",
        rf"({_GROUPED}(?: \d{{3}})+)(?:[.,](\d+))?",
        r"([1-9]\d?(?:,\d\d)+,\d{3})(?:\.(\d+))?",
        rf"(?!{_GROUPED}\.\d{{3}}$){_WHOLE}?[.,](\d+)",
    )
)
"""Ways to write a number; the first that matches is used. Groups: whole part with separators, and decimals."""
_GOES_ON = re.compile(rf"[.,:/^_'×*÷-]\d|\d|\+| \d+/\d| ?[%‰{_SIGNS}](?!\d)")


_ARABIC_SIGNS = str.maketrans("٫٬٪⁄", ".,%/")


def with_ascii_digits(text: str) -> str:
    """Digits of every script as 0 to 9, and the Arabic separators and percent sign as those of ASCII."""
    digits = {ord(char): str(unicodedata.decimal(char)) for char in set(text) if char.isdecimal()}
    return text.translate({**digits, **_ARABIC_SIGNS})


def keep_apart(text: str) -> str:
    """Separate characters that NFKC would join to another number: 1½ is not 11/2, and 10² is not 102."""
    pieces = []
    for before, char in zip(" " + text, text, strict=False):
        joins = unicodedata.category(char) == "No" and before.isdigit()
        if joins and _form(char) != _form(before):
            pieces.append({"<super>": "^", "<sub>": "_"}.get(_form(char), " "))
        pieces.append(char)
    return "".join(pieces)


def with_plain_numbers(text: str) -> str:
    """A text with normalized numbers: no separators of thousands, a decimal point, no trailing zeros after it.

    A plus sign and spaces before % are removed; a currency sign is moved to the front. Digits in words do not change.
    """
    text = re.sub(r"(?<!\S)\+(?=\.?\d)", "", text)
    text = _RUN.sub(_plain, text)
    text = re.sub(rf"(?<=[{_SIGNS}]) (?=-?\d)", "", text)
    text = re.sub(rf"(?<!\S)(-?)([{_SIGNS}])-?(?=\d)", _signed, text)
    text = re.sub(rf"(?<!\S)(-?)(\d+(?:\.\d+)?) ?([{_SIGNS}])(?![.,']?\w| ?[.\d])", r"\1\3\2", text)
    return re.sub(r"(?<=\d) (?=[%‰])", "", text)


def number_goes_on(rest: str) -> bool:
    """Whether the text after a number continues it: decimals, a range, a sign, or a word such as million."""
    if _GOES_ON.match(rest) or is_numeral(rest[:1]):
        return True
    word = re.match(r"[^\W\d_][\w\u0900-\u0963]*", rest.lstrip())
    return rest.lstrip().startswith(_UNSPACED_SCALES) or (word is not None and word[0] in _SCALES)


def is_numeral(char: str) -> bool:
    """Whether a character is a number, as 3, 十 and 万 are."""
    return char != "" and unicodedata.numeric(char, None) is not None


def keeps_minus(rest: str) -> bool:
    """Whether a minus before this text is the sign of a number."""
    return re.match(rf"[{_SIGNS}]? ?\.?\d", rest) is not None


def _plain(match: re.Match[str]) -> str:
    text, written = match.string, match[0]
    if _is_of_word(text[: match.start()][-1:]) or _is_of_word(text[match.end() :][:1]):
        return written
    for form in _FORMS:
        if number := form.fullmatch(written):
            whole = re.sub(r"\D", "", number[1] or "0")
            decimals = (number[2] or "").rstrip("0") if form.groups > 1 else ""
            return f"{whole}.{decimals}" if decimals else whole
    return written


def _signed(match: re.Match[str]) -> str:
    return ("-" if "-" in match[0] else "") + match[2]


def _is_of_word(char: str) -> bool:
    """Whether a neighboring character makes digits part of a word."""
    return char == "_" or (char.isalnum() and not is_unspaced(char))


def _form(char: str) -> str:
    return unicodedata.decomposition(char).partition(" ")[0]


_UNSPACED = re.compile(r"CJK|HIRAGANA|KATAKANA|THAI|LAO |KHMER|MYANMAR")
"""Beginnings of Unicode names of letters of scripts without spaces between words."""


def is_unspaced(char: str) -> bool:
    """Whether a letter belongs to a script without spaces between words."""
    return _UNSPACED.match(unicodedata.name(char, "")) is not None
