-- name: neuron-over-examples
-- title: Type of a neuron in every example
-- figure:
-- description: The type of one neuron in each example, and the languages in which it is active. Reads all masks
--   of the layer, which takes seconds with billions of masks. Empty if the masks were not stored.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   example    index  Example, from 0.
--   type       -      Type over the selected languages.
--   languages  -      The selected languages in which it is active.
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
