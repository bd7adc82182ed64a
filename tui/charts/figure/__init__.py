"""Figures as SVG: matplotlib is imported here and nowhere else."""
