-- Sums of scores by type over the selected languages, per language of the input, layer and fold, from the masks. Runs
-- with more than 15 languages have no sums by mask; types are then those over all languages, from the examples.
-- DuckDB evaluates list_position once for each language of a block of rows, and list_contains for each row.
scored AS (
    SELECT a.language, a.layer, a.fold, CASE WHEN a.mask & s.mask = 0 THEN 'non-activated'::neuron_type
            WHEN a.mask & s.mask = s.mask THEN 'all-shared'::neuron_type
            WHEN bit_count(a.mask & s.mask) = 1 THEN 'specific'::neuron_type
            ELSE 'partial-shared'::neuron_type END AS type,
        a.n, a.n_top, a.cs_sum, a.raw_sum, a.es_sum, a.es_sumsq, a.es_min, a.es_max
    FROM attribution_masks a, subset s
    WHERE a.run = $run AND list_position($languages, a.language) > 0
    UNION ALL
    SELECT a.language, a.layer, x.fold, a.type, a.n, a.n_top, a.cs_sum, a.raw_sum, a.es_sum, a.es_sumsq,
        a.es_min, a.es_max
    FROM attribution a
    JOIN (SELECT DISTINCT run, example, fold FROM examples) x ON x.run = a.run AND x.example = a.example
    JOIN subset s ON s.whole AND NOT s.listed
    WHERE a.run = $run
)
