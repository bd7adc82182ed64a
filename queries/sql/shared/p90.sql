-- Neurons whose probability exceeds the 90th percentile of the probabilities of one language, and of no other language.
p90_bars AS (
    SELECT part, language, sorted[greatest(1, round_even(len(sorted) * 0.9::DOUBLE, 0))::BIGINT] AS p90
    FROM (SELECT part, language, list_sort(list(p)) AS sorted FROM activity GROUP BY part, language)
    WHERE (SELECT count(DISTINCT language) FROM activity) > 1
), p90_sets AS (
    SELECT part, language, layer, neuron, p, p90
    FROM activity JOIN p90_bars USING (part, language)
    WHERE p > p90
    QUALIFY count(*) OVER (PARTITION BY part, layer, neuron) = 1
)
