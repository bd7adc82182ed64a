-- name: find-neurons
-- title: Find neurons by type, language and persistence
-- figure: beyond Figure 5
-- description: Neurons that have the type in at least a given share of the examples, highest share first. With a
--   language: specific neurons of this language, or shared neurons that are also active in it. Non-activated
--   neurons have no language.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $type       all-shared|partial-shared|specific|non-activated = specific  The type.
--   $language   language = NULL   Only if active in this language; NULL: any language.
--   $share      number = 50       Minimum share of examples, in percent.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
--   $limit      integer = 1000    Maximum number of rows; `found` is the number without this limit.
-- columns:
--   layer           index    Layer, from 0.
--   neuron          index    Neuron, from 0.
--   share           %        Share of examples in which it has the type (and is active in the language).
--   language        -        Language to which it is specific most often; NULL if never specific.
--   all_shared      %        Share of examples in which it is all-shared.
--   partial_shared  %        Share of examples in which it is partial-shared; NULL with fewer than three languages.
--   specific        %        Share of examples in which it is specific; NULL with one language.
--   non_activated   %        Share of examples in which it is non-activated.
--   found           neurons  Number of matching neurons, without the limit.
WITH flag AS (
    SELECT bit_or(1::UBIGINT << bit) AS flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language) AND ($language IS NULL OR language = $language)
), matching AS (
    -- Masks of the type first: they are few, and only their neurons are then looked up in full.
    SELECT m.layer, m.neuron, sum(m.n) AS n_match
    FROM neuron_masks m, subset s, flag f
    WHERE m.run = $run AND ($layer IS NULL OR m.layer = $layer)
        AND CASE $type WHEN 'non-activated' THEN m.mask & s.mask = 0 AND $language IS NULL
            WHEN 'all-shared' THEN m.mask & s.mask = s.mask AND flag IS NOT NULL
            WHEN 'specific' THEN bit_count(m.mask & s.mask) = 1 AND p > 1 AND m.mask & flag != 0
            ELSE bit_count(m.mask & s.mask) BETWEEN 2 AND p - 1 AND m.mask & flag != 0 END
    GROUP BY m.layer, m.neuron
), found AS (
    SELECT layer, neuron, 100 * n_match / n_examples AS share, count(*) OVER () AS found
    FROM matching, runs
    WHERE run = $run AND 100 * n_match >= $share * n_examples
    ORDER BY share DESC, layer, neuron
    LIMIT $limit
), details AS (
    SELECT m.layer, m.neuron, m.mask & s.mask AS mask, sum(m.n) AS n
    FROM neuron_masks m JOIN found f ON f.layer = m.layer AND f.neuron = m.neuron, subset s
    WHERE m.run = $run
    GROUP BY ALL
), cards AS (
    SELECT d.layer, d.neuron, 100 / sum(n) AS percent,
        coalesce(sum(n) FILTER (d.mask = 0), 0) AS non,
        coalesce(sum(n) FILTER (bit_count(d.mask) = 1 AND p > 1), 0) AS one,
        coalesce(sum(n) FILTER (bit_count(d.mask) BETWEEN 2 AND p - 1), 0) AS several,
        coalesce(sum(n) FILTER (d.mask = s.mask), 0) AS every,
        arg_min(d.mask, (-n, d.mask)) FILTER (bit_count(d.mask) = 1) AS main_mask
    FROM details d, subset s
    GROUP BY d.layer, d.neuron
)
SELECT layer, neuron, share, l.language, percent * every AS all_shared,
    if(p > 2, percent * several, NULL) AS partial_shared,
    if(p > 1, percent * one, NULL) AS specific, percent * non AS non_activated, found
FROM found
JOIN cards USING (layer, neuron)
LEFT JOIN run_languages l ON l.run = $run AND 1::UBIGINT << l.bit = main_mask, subset
ORDER BY share DESC, layer, neuron
