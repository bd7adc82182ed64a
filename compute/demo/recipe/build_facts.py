"""Build data/facts.json: names of countries and capitals in the ten languages.

Country names, and the capitals that are exemplar cities of a time zone, come from CLDR through
Babel; the other capitals from capitals.toml. Babel is needed here only: the package reads the
committed result. Run it as `python -m neurontui.compute.demo.recipe.build_facts`.
"""

import argparse
import json
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from babel import Locale

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.facts import FACTS_FILE

SCRIPTS = {"ru": "CYRILLIC", "th": "THAI", "zh": "CJK"}


def tidy(name: str) -> str:
    """A name for use in a sentence: without soft hyphens and second names in brackets."""
    name = unicodedata.normalize("NFC", name.replace("\u00ad", ""))
    return re.sub(r"\s*[(（].*?[)）]", "", name).strip()


def exemplar_city(zone: str, language: str, spelling: dict[str, str]) -> str:
    """CLDR's name of the zone's city; if CLDR has none, the name in the zone itself."""
    for code in (language, "en"):
        city = Locale.parse(code).time_zones.get(zone, {}).get("city")
        if city:
            return tidy(city)
    return spelling.get(zone, zone.rsplit("/", 1)[1].replace("_", " "))


def country_names(code: str) -> dict[str, str]:
    """CLDR's names of a country, one per language."""
    return {language: tidy(Locale.parse(language).territories[code]) for language in LANGUAGES}


def slug(name: str) -> str:
    """An ASCII identifier from an English name: `North Macedonia` -> `north-macedonia`."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", ascii_name.lower()).strip("-")


def build(sources: dict[str, Any]) -> list[dict[str, Any]]:
    """One record per country, sorted by its English name."""
    capitals: dict[str, dict[str, str]] = dict(sources["written"])
    for code, zone in sources["zones"].items():
        capitals[code] = {language: exemplar_city(zone, language, sources["spelling"]) for language in LANGUAGES}
    records = []
    for code, capital in capitals.items():
        country = country_names(code)
        records.append({"id": slug(country["en"]), "country": country, "capital": capital})
    return sorted(records, key=lambda record: str(record["id"]))


def complaints(records: list[dict[str, Any]]) -> list[str]:
    """Faults of the names: a wrong script, or the same name for two countries or capitals."""
    faults = []
    for field in ("country", "capital"):
        for language in LANGUAGES:
            names = [record[field][language] for record in records]
            faults += [f"{field} {language}: {n} twice" for n in set(names) if names.count(n) > 1]
            faults += [f"{field} {language}: odd {n!r}" for n in names if is_odd(n, language)]
    return faults


def is_odd(name: str, language: str) -> bool:
    """Whether a name is empty, too long for a prompt, or not in its language's script."""
    letters = [letter for letter in name if letter.isalpha()]
    script = SCRIPTS.get(language, "LATIN")
    return not letters or len(name) > 30 or any(script not in unicodedata.name(c) for c in letters)


def main() -> None:
    """Write facts.json, or stop with all faults."""
    parser = argparse.ArgumentParser(prog="python -m neurontui.compute.demo.recipe.build_facts")
    parser.add_argument("--out", type=Path, default=FACTS_FILE, help="the package's own by default")
    out = parser.parse_args().out
    sources = tomllib.loads(Path(__file__).with_name("capitals.toml").read_text("utf-8"))
    records = build(sources)
    if faults := complaints(records):
        raise SystemExit("\n".join(faults))
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    out.write_text(f"[\n{lines}\n]\n", "utf-8")
    print(f"{len(records)} facts in {out.name}")


if __name__ == "__main__":
    main()
