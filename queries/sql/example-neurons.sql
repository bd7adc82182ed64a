-- name: example-neurons
-- title: Neurons of a layer in one example
-- figure:
-- description: Every neuron of a layer in one example: its type and the languages in which it is active. Empty if
--   the masks were not stored.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $example    integer           The example.
--   $layer      integer           The layer.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $type       any|all-shared|partial-shared|specific|non-activated = any  Only neurons of this type.
-- columns:
--   neuron     index  Neuron, from 0.
--   type       -      Type over the selected languages.
--   languages  -      The selected languages in which it is active.
WITH chosen AS (
    SELECT bit_or(1::UBIGINT << bit) AS mask, list(language ORDER BY bit) AS codes,
        list(bit ORDER BY bit) AS bits
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
), typed AS (
    SELECT a.neuron, CASE WHEN a.mask & s.mask = 0 THEN 'non-activated'
        WHEN a.mask & s.mask = s.mask THEN 'all-shared'
            WHEN bit_count(a.mask & s.mask) = 1 THEN 'specific' ELSE 'partial-shared' END::neuron_type AS type,
        list_filter(s.codes, lambda code, place: a.mask >> s.bits[place] & 1 = 1) AS languages
    FROM activations a, chosen s
    WHERE a.run = $run AND a.example = $example AND a.layer = $layer
)
FROM typed
WHERE $type = 'any' OR type::VARCHAR = $type
ORDER BY neuron
