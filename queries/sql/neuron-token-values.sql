-- name: neuron-token-values
-- title: Activation of a neuron at every token
-- figure:
-- description: Activation of the neuron at every token of its strongest inputs, and of all inputs of the first examples
--   of the run if it is among the most contributing ones there; no rows if the run did not store them (--token-values).
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages of the inputs.
--   $example    integer = NULL    Only this example; NULL: all.
-- columns:
--   rank        -      Rank of the input by activation, from 1, over all languages; NULL if not among the strongest.
--   example     index  Example, from 0.
--   language    -      Language of the input.
--   position    index  Index of the token in the input, from 0.
--   token       -      Text of the token; empty if it has no character of its own.
--   activation  -      Activation A at the token.
--   measured    -      Whether it is the token of measurement.
WITH inputs AS (
    SELECT v.layer, v.neuron, v.example, v.language, v.activations, t.tokens, t.measured
    FROM neuron_token_values v
    JOIN layers l ON l.run = v.run AND l.layer = v.layer
    JOIN prompt_tokens t ON t.run = v.run AND t.example = v.example AND t.language = v.language AND t.stack = l.stack
    WHERE v.run = $run AND v.layer = $layer AND v.neuron = $neuron AND list_contains($languages, v.language)
        AND ($example IS NULL OR v.example = $example)
), by_token AS (
    SELECT layer, neuron, example, language, measured, unnest(range(len(tokens)))::INTEGER AS position,
        unnest(tokens) AS token, unnest(activations) AS activation
    FROM inputs
)
SELECT e.rank, i.example, i.language, i.position, i.token, i.activation, i.position = i.measured AS measured
FROM by_token i
JOIN run_languages l ON l.run = $run AND l.language = i.language
LEFT JOIN neuron_examples e ON e.run = $run AND e.layer = i.layer AND e.neuron = i.neuron AND e.example = i.example
    AND e.language = i.language
ORDER BY e.rank NULLS LAST, i.example, l.bit, i.position
