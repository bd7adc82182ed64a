-- name: health
-- title: Consistency checks of a run
-- figure:
-- description: Checks whether counts within a run agree, and whether its numbers are hard to interpret. A corpus has
--   checks of its own.
-- shared: identified
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   check    -  Name of the check.
--   passed   -  Whether the check passed; NULL if the run lacks a required measure.
--   finding  -  Result in words.
WITH the_run AS (
    SELECT *, len(languages) AS p
    FROM runs
    WHERE run = $run
), sizes AS (
    SELECT sum(n_neurons)::BIGINT AS n_neurons, sum(n_near_zero)::BIGINT AS n_near_zero
    FROM layers
    WHERE run = $run
), inputs AS (
    SELECT count(*) AS n, count(DISTINCT example) AS n_examples, count(DISTINCT fold) AS n_folds,
        count(DISTINCT cluster) AS n_clusters, count(correct) AS n_answered, count_if(correct) AS n_correct
    FROM examples
    WHERE run = $run
), masks AS (
    SELECT sum(n) FILTER (scope = 'last' AND threshold = (SELECT threshold FROM the_run))::BIGINT AS n,
        bit_or(mask) AS bits
    FROM (
        SELECT threshold, scope, mask, n FROM mask_histogram WHERE run = $run
        UNION ALL
        SELECT threshold, scope, NULL, n FROM active_histogram WHERE run = $run
    )
), kept AS (
    SELECT sum(n)::BIGINT AS n, bit_or(mask) AS bits
    FROM neuron_masks
    WHERE run = $run
), ends AS (
    SELECT language, last_token, count(*) AS n
    FROM examples
    WHERE run = $run
    GROUP BY language, last_token
), common_ends AS (
    SELECT count(DISTINCT last_token) AS n_ends
    FROM (SELECT language, arg_min(last_token, (-n, last_token)) AS last_token FROM ends GROUP BY language)
), texts AS (
    SELECT language, sum(n_tokens) AS n, count_if(n_tokens > 0) AS n_halves
    FROM corpora
    WHERE run = $run
    GROUP BY language
), checks AS (
    SELECT 1 AS place, 'languages' AS "check", p > if(task = 'corpus', 1, 2) AS passed,
        format(if(task = 'corpus', '{} languages; detectors compare two or more',
            '{} languages; the four types need three'), p) AS finding
    FROM the_run
    UNION ALL
    SELECT 2, 'examples', i.n = r.n_examples * r.p AND i.n_examples = r.n_examples,
        format('{:,} prompts of {:,} examples in {} languages', i.n, r.n_examples, r.p)
    FROM the_run r, inputs i
    UNION ALL
    SELECT 3, 'intervals', n_folds > 9,
        format('{:,} clusters in {} folds; intervals need two folds and are inaccurate with fewer than ten',
            n_clusters, n_folds)
    FROM inputs
    UNION ALL
    SELECT 4, 'masks counted', m.n = s.n_neurons * r.n_examples,
        format('{:,} of {:,} neuron × example pairs are counted by mask', coalesce(m.n, 0),
            s.n_neurons * r.n_examples)
    FROM the_run r, sizes s, masks m
    UNION ALL
    SELECT 5, 'neurons counted', k.n = s.n_neurons * r.n_examples,
        format('{:,} of {:,} neuron × example pairs are in neuron_masks', coalesce(k.n, 0),
            s.n_neurons * r.n_examples)
    FROM the_run r, sizes s, kept k
    UNION ALL
    SELECT 6, 'mask bits', coalesce(m.bits, k.bits) | r.all_mask = r.all_mask,
        if(coalesce(m.bits, k.bits) | r.all_mask = r.all_mask, 'no mask has a bit beyond the languages of the run',
            'some masks have bits beyond the languages of the run')
    FROM the_run r, masks m, kept k
    UNION ALL
    SELECT 7, 'precision', 100 * s.n_near_zero < s.n_neurons * r.n_examples * r.p,
        format('{:.2f} % of pre-activations are within the rounding error of {} around the threshold',
            100 * s.n_near_zero / nullif(s.n_neurons * r.n_examples * r.p, 0)::DOUBLE, r.dtype)
    FROM the_run r, sizes s
    WHERE s.n_near_zero IS NOT NULL
    UNION ALL
    SELECT 8, 'last tokens', n_ends > 1 OR p = 1,
        if(n_ends > 1, format('prompts of {} languages are read at {} different tokens', p, n_ends),
            'prompts of all languages are read at the same token, which alone may cause sharing')
    FROM common_ends, the_run
    UNION ALL
    SELECT 9, 'answers', if(n_answered = 0, NULL, n_answered = n),
        format('{:,} of {:,} prompts have a judged answer, {:,} of them right', n_answered, n, n_correct)
    FROM inputs
    UNION ALL
    SELECT 10, 'model', identified,
        if(identified, 'the model is identified by ' || coalesce('commit ' || revision, 'a digest of its files'),
            format('the measured revision of {} is unknown; if it came from the hub, runs of other models or '
                || 'revisions may have been skipped or mixed with it: measure it again', model))
    FROM the_run JOIN identified USING (run)
    UNION ALL
    SELECT 11, 'halves', (SELECT count_if(n_halves = 2) FROM texts) = p,
        format('{} of {} languages have tokens in both halves of their texts, which reliability needs',
            (SELECT count_if(n_halves = 2) FROM texts), p)
    FROM the_run
    UNION ALL
    SELECT 12, 'counts', n = n_neurons * (SELECT sum(n_halves) FROM texts) AND right_size,
        if(right_size, format('{:,} of {:,} counts of neurons by language and half are there', n,
            (n_neurons * (SELECT sum(n_halves) FROM texts))::BIGINT),
            'some neurons are active at more tokens than there are')
    FROM sizes, (
        SELECT count(*) AS n, coalesce(bool_and(greatest(n_active, n_positive + n_negative) <= n_tokens), true)
            AS right_size
        FROM neuron_activity JOIN corpora USING (run, language, half)
        WHERE run = $run
    )
)
SELECT "check", passed, finding
FROM checks, the_run
WHERE if(task = 'corpus', place IN (1, 10, 11, 12), place < 11)
ORDER BY place
