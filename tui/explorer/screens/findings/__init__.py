"""Findings: the paper's claims, tested on every run."""
