"""More languages than masks are listed for."""

CODES = [
    *("en", "de", "fr", "ru", "zh", "es", "pt", "it", "nl", "pl"),
    *("tr", "vi", "th", "ja", "ko", "ar", "hi", "bn", "sw", "id"),
]
