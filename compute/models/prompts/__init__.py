"""From prompts to token ids, and the token of measurement."""
