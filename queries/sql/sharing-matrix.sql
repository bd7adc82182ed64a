-- name: sharing-matrix
-- title: Neurons shared by language pair
-- figure: beyond Figure 7, left
-- description: Share of the neurons active in the row's language that are also active in the column's language,
--   over all examples: a ratio of sums. 95 % intervals: jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the rows and columns.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   language  -  Row: the language in which the neurons are active.
--   other     -  Column: the other language.
--   ratio     %  Share of the row's neurons that are active in the column's language; 100 on the diagonal.
--   low       %  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %  Upper end.
WITH masks AS (
    SELECT fold, mask, sum(n)::DOUBLE AS n
    FROM mask_histogram
    WHERE run = $run AND scope = 'last' AND ($layer IS NULL OR layer = $layer)
        AND threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
), chosen AS (
    SELECT bit, language, 1::UBIGINT << bit AS flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
), listed_counts AS (
    SELECT a.bit, b.bit AS other_bit, fold, a.language, b.language AS other,
        coalesce(sum(n) FILTER (mask & a.flag = a.flag), 0) AS n,
        coalesce(sum(n) FILTER (mask & (a.flag | b.flag) = (a.flag | b.flag)), 0) AS k
    FROM masks, chosen a, chosen b
    GROUP BY ALL
), pair_counts AS (
    -- Above 15 languages pairs are counted instead of masks.
    SELECT fold, language, other, sum(n) AS n
    FROM language_pairs
    WHERE run = $run AND ($layer IS NULL OR layer = $layer)
    GROUP BY ALL
), counts AS (
    FROM listed_counts
    UNION ALL
    SELECT a.bit, b.bit, s.fold, a.language, b.language, s.n, p.n
    FROM chosen a CROSS JOIN chosen b
    JOIN pair_counts s ON s.language = a.language AND s.other = a.language
    JOIN pair_counts p ON p.fold = s.fold AND p.language = if(a.bit < b.bit, a.language, b.language)
        AND p.other = if(a.bit < b.bit, b.language, a.language)
), left_out AS (
    SELECT bit, other_bit, language, other, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY bit, other_bit)
), intervals AS (
    SELECT bit, other_bit, language, other, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY bit, other_bit, language, other, t
)
SELECT language, other, ratio, ratio - half AS low, ratio + half AS high
FROM intervals
ORDER BY bit, other_bit
