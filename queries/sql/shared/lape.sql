-- Language activation probability entropy (LAPE) of each neuron, and the neurons that it selects. The bars are order
-- statistics, as in the published code: the k-th smallest of all probabilities, k rounded half to even.
entropies AS (
    -- With x = p / total: -sum x ln x = ln(total) - sum(p ln p) / total. Rounded, so that equal profiles are ties.
    SELECT part, layer, neuron, count(*) AS n_languages, max(p) AS highest, sum(p) AS total,
        if(total > 0, round(greatest(0, ln(total) - sum(if(p > 0, p * ln(p), 0)) / total), 9), NULL) AS entropy
    FROM activity
    GROUP BY part, layer, neuron
), bars AS (
    SELECT part, n,
        if(coalesce($percentile, 0) > 0,
            sorted[greatest(1, least(len(sorted), round_even(len(sorted) * ($percentile / 100)::DOUBLE, 0)))::BIGINT],
            NULL) AS bar,
        if(coalesce($language_percentile, 0) > 0,
            sorted[greatest(1, least(len(sorted),
                round_even(len(sorted) * ($language_percentile / 100)::DOUBLE, 0)))::BIGINT],
            NULL) AS language_bar
    FROM (SELECT part, list_sort(list(p)) AS sorted FROM activity GROUP BY part)
    JOIN (SELECT part, count(*) AS n FROM entropies GROUP BY part) USING (part)
), lape_neurons AS (
    SELECT part, layer, neuron, entropy, highest, bar, language_bar
    FROM entropies JOIN bars USING (part)
    WHERE n_languages > 1 AND highest > coalesce(bar, 0)
    QUALIFY row_number() OVER (PARTITION BY part ORDER BY entropy, layer, neuron)
        <= round_even(n * ($share / 100)::DOUBLE, 0)
), lape_sets AS (
    SELECT part, language, layer, neuron
    FROM lape_neurons JOIN activity USING (part, layer, neuron)
    WHERE p > coalesce(language_bar, 0)
)
