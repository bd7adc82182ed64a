"""Files of neuron sets that torch writes."""
