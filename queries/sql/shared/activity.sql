-- Probability of each neuron to be active at a token, by part and language: of a corpus, or of the prompts of parallel
-- data, which have no halves and are counted with sign 'active' only. Languages without tokens in a part are left out.
corpus_tokens AS (
    SELECT p.part, c.language, sum(c.n_tokens)::BIGINT AS n
    FROM corpora c JOIN parts p USING (half)
    WHERE c.run = $run AND list_contains($languages, c.language)
    GROUP BY p.part, c.language
    HAVING sum(c.n_tokens) > 0
    QUALIFY count(*) OVER (PARTITION BY c.language) = (SELECT count(DISTINCT part) FROM parts)
), activity AS (
    SELECT t.part, t.language, a.layer, a.neuron,
        sum(CASE $sign WHEN 'active' THEN a.n_active WHEN 'positive' THEN a.n_positive ELSE a.n_negative END)::DOUBLE
            / any_value(t.n) AS p
    FROM neuron_activity a JOIN parts USING (half)
    JOIN corpus_tokens t ON t.part = parts.part AND t.language = a.language
    WHERE a.run = $run
    GROUP BY t.part, t.language, a.layer, a.neuron
    UNION ALL
    SELECT 'both', language, layer, neuron, n_active / n_tokens
    FROM neuron_tokens_active
    WHERE run = $run AND list_contains($languages, language) AND n_tokens > 0 AND $sign = 'active'
        AND 'both' IN (SELECT part FROM parts)
)
