-- name: patching
-- title: Patching from another language, by layer
-- figure: beyond Tables 2 and 4
-- description: Change of the answer's log-probability if the weights of all neurons of a layer, at the last prompt
--   token, are replaced by those of the same example in another language (--ablation-value patch:LANG). Large losses:
--   at this layer the last token carries what the answer in the language of the input depends on, and the source
--   language does not have it. No change: both languages write the same. 95 % intervals: jackknife over 20
--   blocks of the ablated sources, Student's t. Runs without patches have no row.
-- shared: student, blocks, logprob_changes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   layer     -       Patched layer, from 0, through all stacks; NULL: all patched layers together.
--   source    -       Language that the weights come from.
--   language  -       Language of the inputs; NULL: all languages but the source.
--   change    nats    Change of the answer's log-probability from the baseline, mean over inputs.
--   low       nats    Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      nats    Upper end.
--   n         inputs  Inputs.
WITH patches AS (
    SELECT condition, substr(value, 7) AS source, if(len(layers) = 1, layers[1], NULL) AS layer
    FROM conditions
    WHERE run = $run AND kind = 'layer' AND value LIKE 'patch:%'
), patched AS (
    SELECT p.source, p.layer, c.language, c.fold, c.change
    FROM logprob_changes c
    JOIN patches p USING (condition)
), sums AS (
    SELECT source, layer, language, fold, sum(change) AS change, count(*) AS n
    FROM patched
    GROUP BY ALL
    UNION ALL
    SELECT source, layer, NULL, fold, sum(change), count(*)
    FROM patched
    WHERE language != source
    GROUP BY ALL
), left_out AS (
    SELECT source, layer, language, sum(n) OVER whole AS n,
        sum(change) OVER whole / sum(n) OVER whole AS change,
        (sum(change) OVER whole - change) / nullif(sum(n) OVER whole - n, 0) AS change_without
    FROM sums
    WINDOW whole AS (PARTITION BY source, layer, language)
), intervals AS (
    SELECT source, layer, language, any_value(n)::BIGINT AS n, any_value(change) AS change,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(change_without)) AS half
    FROM left_out, student
    GROUP BY source, layer, language, t
)
SELECT layer, source, i.language, change, change - half AS low, change + half AS high, n
FROM intervals i
LEFT JOIN run_languages s ON s.run = $run AND s.language = i.source
LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language
ORDER BY s.bit, layer NULLS LAST, l.bit NULLS LAST
