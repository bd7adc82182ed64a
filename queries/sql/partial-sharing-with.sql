-- name: partial-sharing-with
-- title: Partial-shared neurons of a language, by other language
-- figure: Figures 7 and 17, left
-- description: Share of the partial-shared neurons active in one language (German in the paper) that are also
--   active in each other language: a ratio of sums over examples.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, subset_masks, active_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $language   language = NULL   The language, one of the selected languages; NULL: the first one.
--   $among      language|type = language  Denominator: partial-shared neurons active in the language, or all.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   layer     index  Layer, from 0; NULL for all layers together.
--   language  -      The language.
--   other     -      The other language.
--   ratio     %      Share of partial-shared neurons that are active in both languages.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
--   note      -      Remark if some types are undefined or have no intervals, else NULL.
WITH focus AS (
    SELECT language, 1::UBIGINT << bit AS flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language) AND language = coalesce($language, $languages[1])
), others AS (
    SELECT language AS other, bit AS other_bit, 1::UBIGINT << bit AS other_flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language) AND language NOT IN (SELECT language FROM focus)
), partials AS MATERIALIZED (
    SELECT if($by_layer, m.layer, NULL) AS layer, m.fold, m.mask, m.n
    FROM subset_masks m, subset s, focus f
    WHERE bit_count(m.mask) BETWEEN 2 AND p - 1 AND ($among = 'type' OR m.mask & flag = flag)
), wholes AS (
    SELECT layer, fold, sum(n) AS n
    FROM partials
    GROUP BY ALL
    UNION ALL
    -- All of more than 15 languages: pairs are counted instead of masks.
    SELECT if($by_layer, l.layer, NULL) AS layer, l.fold, sum(l.n_partial)
    FROM language_pairs l JOIN focus f ON f.language = l.language AND f.language = l.other JOIN subset s ON s.whole
    WHERE l.run = $run AND $among = 'language'
    GROUP BY ALL
    UNION ALL
    SELECT if($by_layer, c.layer, NULL) AS layer, c.fold, sum(c.n)
    FROM active_counts c JOIN subset s ON s.whole AND NOT s.listed
    WHERE c.active BETWEEN 2 AND p - 1 AND $among = 'type'
    GROUP BY ALL
), parts AS (
    SELECT layer, fold, other, sum(n) AS k
    FROM partials, focus, others
    WHERE mask & (flag | other_flag) = (flag | other_flag)
    GROUP BY ALL
    UNION ALL
    SELECT if($by_layer, l.layer, NULL) AS layer, l.fold, o.other, sum(l.n_partial)
    FROM language_pairs l JOIN focus f ON f.language IN (l.language, l.other)
    JOIN others o ON o.other IN (l.language, l.other) JOIN subset s ON s.whole
    WHERE l.run = $run
    GROUP BY ALL
), counts AS (
    SELECT w.layer, w.fold, f.language, o.other, o.other_bit, w.n, coalesce(k, 0) AS k
    FROM wholes w CROSS JOIN focus f CROSS JOIN others o
    LEFT JOIN parts p ON p.other = o.other AND p.layer IS NOT DISTINCT FROM w.layer
        AND p.fold IS NOT DISTINCT FROM w.fold
), left_out AS (
    SELECT layer, language, other, other_bit, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY layer, other)
), intervals AS (
    SELECT layer, language, other, other_bit, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, language, other, other_bit, t
)
SELECT layer, language, other, ratio, ratio - half AS low, ratio + half AS high, note
FROM intervals, subset
ORDER BY layer, other_bit
