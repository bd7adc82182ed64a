-- name: example-neurons-by-correctness
-- title: Neurons of one example that are active where the answer is right and not where it is wrong
-- figure: beyond Section 5.2
-- description: In one example, the languages with a right answer and those with a wrong one are compared: neurons are
--   ranked by the share of the former in which they are active minus the share of the latter. Empty if the masks were
--   not stored, or if the answers in all selected languages are right, or all are wrong.
-- parameters:
--   $run        run                  The run: number, name or key. Default: the last run.
--   $example    integer              The example.
--   $languages  languages = all      Languages of the answers.
--   $layer      integer = NULL       Only this layer; NULL: all layers.
--   $active     right|wrong = right  right: neurons active with right answers first; wrong: the opposite.
--   $limit      integer = 100        Maximum number of rows; `found` is the number without this limit.
-- columns:
--   layer         index      Layer, from 0.
--   neuron        index      Neuron, from 0.
--   active_right  %          Share of the languages with a right answer in which it is active.
--   active_wrong  %          Share of the languages with a wrong answer in which it is active.
--   difference    points     Right minus wrong.
--   languages     -          The selected languages in which it is active.
--   n_right       languages  Number of languages with a right answer.
--   n_wrong       languages  Number of languages with a wrong answer.
--   found         neurons    Number of neurons with a difference in this direction, without the limit.
WITH chosen AS (
    SELECT bit_or(1::UBIGINT << bit) FILTER (correct) AS right_mask,
        bit_or(1::UBIGINT << bit) FILTER (NOT correct) AS wrong_mask,
        count_if(correct)::INTEGER AS n_right, count_if(NOT correct)::INTEGER AS n_wrong,
        list(x.language ORDER BY bit) AS codes, list(bit ORDER BY bit) AS bits
    FROM examples x JOIN run_languages l ON l.run = x.run AND l.language = x.language
    WHERE x.run = $run AND x.example = $example AND list_contains($languages, x.language)
), shares AS (
    SELECT a.layer, a.neuron, 100 * bit_count(a.mask & right_mask)::DOUBLE / n_right AS active_right,
        100 * bit_count(a.mask & wrong_mask)::DOUBLE / n_wrong AS active_wrong,
        active_right - active_wrong AS difference,
        list_filter(codes, lambda code, place: a.mask >> bits[place] & 1 = 1) AS languages, n_right, n_wrong
    FROM activations a, chosen
    WHERE a.run = $run AND a.example = $example AND ($layer IS NULL OR a.layer = $layer)
        AND n_right > 0 AND n_wrong > 0
)
SELECT *, count(*) OVER () AS found
FROM shares
WHERE if($active = 'right', difference, -difference) > 0
ORDER BY if($active = 'right', -1, 1) * round(difference, 9), layer, neuron
LIMIT $limit
