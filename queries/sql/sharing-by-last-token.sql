-- name: sharing-by-last-token
-- title: Sharing of prompts with equal and different last tokens
-- figure: beyond Figure 7
-- description: How many neurons two prompts share, by what they have in common: language, example and last token. If
--   two languages share more where last tokens are equal, their sharing depends on the token at which it is measured.
--   Pairs of two examples of one cluster are left out. From up to 72 examples, chosen by a hash, and 64 neurons of
--   each layer. 95 % interval: jackknife over folds of examples, Student's t. Empty if the masks were not stored.
-- shared: student, one_or_all_layers, prompt_pairs
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   language    -      same or other: whether the two prompts have the same language.
--   example     -      same or other: whether they are prompts of the same example.
--   last_token  -      same or other: whether activity is read at equal tokens.
--   jaccard     %      Neurons active for both prompts, share of those active for either.
--   low         %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        %      Upper end.
--   differ      %      Neurons active for only one of them, share of all neurons.
--   n           pairs  Number of pairs of prompts.
WITH sums AS (
    SELECT bit = other_bit AS same_language, same_example, same_token, fold, other_fold,
        sum(p.alike)::DOUBLE AS alike, sum(p.differ)::DOUBLE AS differ, count(*) AS n
    FROM prompt_pairs p
    GROUP BY ALL
), kept AS (
    SELECT same_language, same_example, same_token, dropped,
        100 * sum(alike) / nullif(sum(alike + differ), 0) AS jaccard, sum(differ) AS differ, sum(n)::BIGINT AS n
    FROM sums
    JOIN (SELECT NULL::INTEGER AS dropped UNION ALL SELECT DISTINCT fold FROM prompt_sample) folds
        ON fold IS DISTINCT FROM dropped AND other_fold IS DISTINCT FROM dropped
    GROUP BY ALL
), whole AS (
    SELECT same_language, same_example, same_token, any_value(jaccard) FILTER (dropped IS NULL) AS jaccard,
        any_value(differ) FILTER (dropped IS NULL) AS differ, any_value(n) FILTER (dropped IS NULL) AS n,
        t[count(dropped) - 1] * sqrt(count(dropped) - 1) * stddev_pop(jaccard) FILTER (dropped IS NOT NULL) AS half
    FROM kept, student
    GROUP BY same_language, same_example, same_token, t
)
SELECT if(same_language, 'same', 'other') AS language, if(same_example, 'same', 'other') AS example,
    if(same_token, 'same', 'other') AS last_token, jaccard, jaccard - half AS low, jaccard + half AS high,
    100 * differ / n / (SELECT sum(least(64, n_neurons)) FROM layers WHERE run = $run
        AND ($layer IS NULL OR layer = $layer)) AS differ, n
FROM whole
ORDER BY same_language, same_example, same_token
