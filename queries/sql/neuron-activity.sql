-- name: neuron-activity
-- title: Activity of a neuron in each language of a corpus
-- figure: beyond the paper
-- description: How often one neuron is active at the tokens of a corpus, its activation A (the output of the
--   nonlinearity, act(gate) in a gated FFN) and the weight w of its value vector, and its average precision as a
--   detector of the language. Empty for runs of other tasks.
-- shared: one_part, precisions
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages to list.
--   $half       both|first|second = both  Texts: all, or one half.
-- columns:
--   language   -       The language.
--   tokens     tokens  Number of counted tokens.
--   active     %       Share of tokens at which it is active: A above the threshold of the run.
--   positive   %       Share of tokens at which w is positive.
--   negative   %       Share of tokens at which w is negative.
--   mean       -       Mean of A; NULL for one half, as the next three.
--   sd         -       Standard deviation of A.
--   weight     -       Mean of w.
--   weight_sd  -       Standard deviation of w.
--   precision  -       Average precision, 0 to 1; NULL with one language.
WITH rates AS (
    SELECT a.language, sum(c.n_tokens)::DOUBLE AS n, sum(a.n_active) / n AS active, sum(a.n_positive) / n AS positive,
        sum(a.n_negative) / n AS negative
    FROM neuron_activity a JOIN parts USING (half) JOIN corpora c USING (run, language, half)
    WHERE a.run = $run AND a.layer = $layer AND a.neuron = $neuron AND list_contains($languages, a.language)
    GROUP BY a.language
    HAVING sum(c.n_tokens) > 0
), moments AS (
    SELECT m.language, m.a_sum / r.n AS mean, sqrt(greatest(0, m.a_sumsq / r.n - mean ** 2)) AS sd,
        m.w_sum / r.n AS weight, sqrt(greatest(0, m.w_sumsq / r.n - weight ** 2)) AS weight_sd
    FROM neuron_moments m JOIN rates r USING (language)
    WHERE m.run = $run AND m.layer = $layer AND m.neuron = $neuron AND $half = 'both'
)
SELECT r.language, r.n::BIGINT AS tokens, 100 * r.active AS active, 100 * r.positive AS positive,
    100 * r.negative AS negative, m.mean, m.sd, m.weight, m.weight_sd, p.precision
FROM rates r JOIN run_languages l ON l.run = $run AND l.language = r.language
LEFT JOIN moments m ON m.language = r.language
LEFT JOIN precisions p ON p.language = r.language AND p.layer = $layer AND p.neuron = $neuron
ORDER BY l.bit
