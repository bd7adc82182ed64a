-- name: neuron-over-examples
-- title: A neuron in every example
-- figure:
-- description: The type of one neuron in each example, and the languages in which it is active. Reads all masks
--   of the layer: seconds in a file of billions. Empty where only aggregates were kept.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages over which types are told; three or more for all four types.
-- columns:
--   example    index  Example, from 0.
--   type       -      Its type, over the chosen languages.
--   languages  -      The chosen languages in which it is active.
WITH chosen AS (
    SELECT bit_or(1::UBIGINT << bit) AS mask, list(language ORDER BY bit) AS codes,
        list(bit ORDER BY bit) AS bits
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
)
SELECT a.example, CASE WHEN a.mask & s.mask = 0 THEN 'non-activated'
    WHEN a.mask & s.mask = s.mask THEN 'all-shared'
            WHEN bit_count(a.mask & s.mask) = 1 THEN 'specific' ELSE 'partial-shared' END::neuron_type AS type,
    list_filter(s.codes, lambda code, place: a.mask >> s.bits[place] & 1 = 1) AS languages
FROM activations a, chosen s
WHERE a.run = $run AND a.layer = $layer AND a.neuron = $neuron
ORDER BY a.example
