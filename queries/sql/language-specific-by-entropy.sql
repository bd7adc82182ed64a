-- name: language-specific-by-entropy
-- title: Language-specific neurons by activation entropy
-- figure: beyond the paper: LAPE, Tang et al. 2024, arXiv:2402.16438
-- description: Each neuron's probability of being active in each language, over all prompt tokens, normalized over
--   languages, and its entropy. Neurons without a probability above the 95th percentile of all probabilities
--   are left out. Of the others, those with the lowest entropy (1 % of all neurons) are language-specific, for
--   the languages in which they exceed the percentile.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $share       number = 1       Share of all neurons to select, in percent.
--   $percentile  number = 95      Percentile that the probability in at least one language has to exceed.
-- columns:
--   layer        index    Layer, from 0.
--   neuron       index    Neuron, from 0.
--   entropy      nats     Entropy of the normalized probabilities; 0 means one language only.
--   languages    -        Languages for which it is specific, most probable first.
--   probability  %        Largest probability of being active at a token.
--   bar          %        Value of the percentile.
--   n_selected   neurons  Number of selected neurons.
WITH chances AS (
    SELECT layer, neuron, language, n_active / nullif(n_tokens, 0) AS chance
    FROM neuron_tokens_active
    WHERE run = $run AND list_contains($languages, language)
), bar AS (
    SELECT quantile_disc(chance, $percentile / 100) AS bar
    FROM chances
), entropies AS (
    -- With x = chance / total: -sum x ln x = ln(total) - sum(chance ln chance) / total.
    SELECT layer, neuron, max(chance) AS probability, count(*) AS p, nullif(sum(chance), 0) AS total,
        greatest(0, ln(total) - sum(if(chance > 0, chance * ln(chance), 0)) / total) AS entropy
    FROM chances
    GROUP BY layer, neuron
), size AS (
    SELECT round(count(*) * $share / 100)::BIGINT AS size
    FROM entropies
), selected AS (
    SELECT layer, neuron, entropy, probability, bar,
        row_number() OVER (ORDER BY entropy, layer, neuron) AS place
    FROM entropies, bar
    WHERE probability > bar AND p > 1
    QUALIFY place <= (SELECT size FROM size)
)
SELECT s.layer, s.neuron, s.entropy, list(c.language ORDER BY c.chance DESC, c.language)
    FILTER (c.chance > bar) AS languages,
    100 * s.probability AS probability, 100 * s.bar AS bar, count(*) OVER () AS n_selected
FROM selected s JOIN chances c ON c.layer = s.layer AND c.neuron = s.neuron
GROUP BY s.layer, s.neuron, s.entropy, s.probability, s.bar
ORDER BY s.entropy, s.layer, s.neuron
