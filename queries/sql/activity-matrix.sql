-- name: activity-matrix
-- title: Similarity of languages by the activity of neurons
-- figure: beyond the paper
-- description: For two languages, the correlation over neurons (Pearson) of their probabilities of being active at a
--   token, and the Jaccard index of the neurons that LAPE selects for them. Every pair is listed once.
-- shared: one_part, activity, lape
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $sign        active|positive|negative = active  What counts: act(gate) above the threshold, or the weight's sign.
--   $half        both|first|second = both  Texts of a corpus: all, or one half.
--   $share       number = 1       LAPE: share of all neurons to select, in percent.
--   $percentile  number = 95      LAPE: first bar; 0: none.
--   $language_percentile  number = 95  LAPE: second bar; 0: none.
-- columns:
--   language     -        One language.
--   other        -        The other.
--   correlation  -        Correlation of the probabilities; NULL if they are constant.
--   n            neurons  Neurons that LAPE selects for the one.
--   n_other      neurons  Neurons that LAPE selects for the other.
--   n_both       neurons  Neurons that it selects for both.
--   jaccard      %        These, of those selected for either; NULL if there are none.
WITH moments AS (
    SELECT language, avg(p) AS mean, nullif(stddev_pop(p), 0) AS sd, min(p) < max(p) AS varies
    FROM activity
    GROUP BY language
), standardized AS (
    -- As one list a language: the products of two lists are much faster than a join of neurons.
    SELECT l.bit, a.language, any_value(m.varies) AS varies,
        list(coalesce((a.p - m.mean) / m.sd, 0) ORDER BY a.layer, a.neuron) AS z
    FROM activity a JOIN moments m USING (language)
    JOIN run_languages l ON l.run = $run AND l.language = a.language
    GROUP BY l.bit, a.language
), sizes AS (
    SELECT language, count(*) AS n
    FROM lape_sets
    GROUP BY language
), common AS (
    SELECT a.language, b.language AS other, count(*) AS n
    FROM lape_sets a JOIN lape_sets b USING (layer, neuron)
    GROUP BY ALL
)
SELECT a.language, b.language AS other,
    if(a.varies AND b.varies, list_inner_product(a.z, b.z) / len(a.z), NULL) AS correlation,
    coalesce(s.n, 0) AS n, coalesce(t.n, 0) AS n_other, coalesce(c.n, 0) AS n_both,
    100 * coalesce(c.n, 0) / nullif(coalesce(s.n, 0) + coalesce(t.n, 0) - coalesce(c.n, 0), 0) AS jaccard
FROM standardized a JOIN standardized b ON a.bit < b.bit
LEFT JOIN sizes s ON s.language = a.language
LEFT JOIN sizes t ON t.language = b.language
LEFT JOIN common c ON c.language = a.language AND c.other = b.language
ORDER BY a.bit, b.bit
