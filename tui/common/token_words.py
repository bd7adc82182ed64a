"""The token at which a run measured activity, in words."""

_WORDS = {"subject": "the subject’s last", "first-generated": "the first generated", "all": "every"}


def token_words(token: object) -> str:
    """`token` of the query `runs`, to be followed by the word token or by its text: the last, the subject’s last, …"""
    return _WORDS.get(str(token), "the last")
