"""The paper's program on real weights: pretrained models in packages, and the runs of `neurontui demo --real`."""
