-- name: similar-neurons
-- title: Neurons with a similar language profile
-- figure:
-- description: Neurons whose shares of active prompt tokens in the languages differ least from those of the neuron. The
--   neuron itself is left out; no rows if activity at every token was not counted (--last-token-only).
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages of the profile.
--   $limit      integer = 20      Maximum number of rows.
-- columns:
--   layer       index   Layer, from 0.
--   neuron      index   Neuron, from 0.
--   difference  points  Difference of the shares, mean of its absolute value over the languages.
--   tokens      %       Share of prompt tokens at which it is active, mean over the languages.
--   language    -       Language with its largest share.
--   largest     %       Its share of tokens in this language.
WITH shares AS (
    SELECT layer, neuron, language, 100 * n_active / nullif(n_tokens, 0) AS share
    FROM neuron_tokens_active
    WHERE run = $run AND list_contains($languages, language)
), own AS (
    SELECT language, share
    FROM shares
    WHERE layer = $layer AND neuron = $neuron
), nearest AS (
    SELECT s.layer, s.neuron, avg(abs(s.share - o.share)) AS difference
    FROM shares s JOIN own o ON o.language = s.language
    WHERE s.layer <> $layer OR s.neuron <> $neuron
    GROUP BY s.layer, s.neuron
    ORDER BY round(difference, 9), s.layer, s.neuron
    LIMIT $limit
)
SELECT n.layer, n.neuron, any_value(n.difference) AS difference, avg(s.share) AS tokens,
    arg_max(s.language, (s.share, -l.bit::INTEGER)) AS language, max(s.share) AS largest
FROM nearest n
JOIN shares s ON s.layer = n.layer AND s.neuron = n.neuron
JOIN run_languages l ON l.run = $run AND l.language = s.language
GROUP BY n.layer, n.neuron
ORDER BY round(any_value(n.difference), 9), n.layer, n.neuron
