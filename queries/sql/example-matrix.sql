-- name: example-matrix
-- title: Neurons of one example by language
-- figure: beyond Section 5.2
-- description: One row per neuron: the languages in which it is active in this example, and its contribution score in
--   each of them. Neurons are those with the largest contribution, by contribution or by type; or those whose activity
--   differs most between languages with right and with wrong answers; or a list. Empty without contribution scores
--   in the first case, and in the others without stored masks; also if neurons are to be compared and all answers are
--   right, or all are wrong.
-- shared: subset
-- parameters:
--   $run        run                  The run: number, name or key. Default: the last run.
--   $example    integer              The example.
--   $languages  languages = all      Languages that define the types; all four types need at least three.
--   $order      contribution|type|right|wrong = contribution  right: active where right, not where wrong, first.
--   $neurons    integers = NULL      These neurons in this order: layer and neuron of each, one after the other.
--   $layer      integer = NULL       Only this layer; NULL: all layers.
--   $limit      integer = 100        Maximum number of rows; `found` is the number without this limit.
-- columns:
--   layer          index      Layer, from 0.
--   neuron         index      Neuron, from 0.
--   type           -          Type in this example, over the selected languages.
--   languages      -          The selected languages in which it is active.
--   contributions  %          Contribution score in each selected language; NULL below its layer's largest.
--   contribution   %          The largest of them.
--   active_right   %          Share of the languages with a right answer in which it is active; NULL without answers.
--   active_wrong   %          Share of the languages with a wrong answer in which it is active.
--   difference     points     Right minus wrong.
--   n_right        languages  Number of languages with a right answer.
--   n_wrong        languages  Number of languages with a wrong answer.
--   found          neurons    Number of neurons without the limit.
WITH chosen AS (
    SELECT list(l.language ORDER BY l.bit) AS codes, list(l.bit ORDER BY l.bit) AS bits,
        coalesce(bit_or(1::UBIGINT << l.bit) FILTER (x.correct), 0) AS right_mask,
        coalesce(bit_or(1::UBIGINT << l.bit) FILTER (NOT x.correct), 0) AS wrong_mask
    FROM run_languages l
    LEFT JOIN examples x ON x.run = l.run AND x.language = l.language AND x.example = $example
    WHERE l.run = $run AND list_contains($languages, l.language)
), scores AS (
    SELECT layer, neuron, any_value(mask) AS mask, max(cs) AS largest, list(language) AS languages, list(cs) AS shares
    FROM top_neurons
    WHERE run = $run AND example = $example AND list_contains($languages, language)
        AND ($layer IS NULL OR layer = $layer)
    GROUP BY layer, neuron
), listed AS (
    SELECT ($neurons::INTEGER[])[2 * place - 1] AS layer, ($neurons::INTEGER[])[2 * place] AS neuron, place
    FROM range(1, len($neurons::INTEGER[]) // 2 + 1) r(place)
), picked AS (
    SELECT layer, neuron, mask, NULL AS place
    FROM scores
    WHERE $neurons IS NULL AND $order IN ('contribution', 'type')
    UNION ALL
    SELECT a.layer, a.neuron, a.mask, l.place
    FROM activations a LEFT JOIN listed l ON l.layer = a.layer AND l.neuron = a.neuron
    WHERE a.run = $run AND a.example = $example AND ($layer IS NULL OR a.layer = $layer)
        AND if($neurons IS NULL, $order IN ('right', 'wrong'), l.place IS NOT NULL)
), compared AS (
    SELECT p.layer, p.neuron, p.mask, p.place, codes, bits,
        100 * bit_count(p.mask & right_mask)::DOUBLE / nullif(bit_count(right_mask), 0) AS active_right,
        100 * bit_count(p.mask & wrong_mask)::DOUBLE / nullif(bit_count(wrong_mask), 0) AS active_wrong,
        active_right - active_wrong AS difference, bit_count(right_mask)::INTEGER AS n_right,
        bit_count(wrong_mask)::INTEGER AS n_wrong
    FROM picked p, chosen
), first_rows AS (
    SELECT c.*, s.largest, s.languages AS scored, s.shares, count(*) OVER () AS found
    FROM compared c LEFT JOIN scores s ON s.layer = c.layer AND s.neuron = c.neuron
    WHERE $neurons IS NOT NULL OR $order IN ('contribution', 'type')
        OR if($order = 'right', difference, -difference) > 0
    ORDER BY place, CASE $order WHEN 'right' THEN -round(difference, 9) WHEN 'wrong' THEN round(difference, 9) END,
        largest DESC NULLS LAST, c.layer, c.neuron
    LIMIT $limit
)
SELECT f.layer, f.neuron, CASE WHEN f.mask & s.mask = 0 THEN 'non-activated'
        WHEN f.mask & s.mask = s.mask THEN 'all-shared' WHEN bit_count(f.mask & s.mask) = 1 THEN 'specific'
        ELSE 'partial-shared' END::neuron_type AS type,
    list_filter(codes, lambda code, place: f.mask >> bits[place] & 1 = 1) AS languages,
    list_transform(codes, lambda code: 100 * shares[list_position(scored, code)]::DOUBLE) AS contributions,
    100 * largest::DOUBLE AS contribution, active_right, active_wrong, difference, n_right, n_wrong, found
FROM first_rows f, subset s
ORDER BY place, if($order = 'type', type, NULL) DESC,
    CASE $order WHEN 'right' THEN -round(difference, 9) WHEN 'wrong' THEN round(difference, 9) END,
    largest DESC NULLS LAST, f.layer, f.neuron
