-- The neurons that each detector selects for each language. Average precision selects as many as LAPE.
precision_bars AS (
    -- Looking for the smallest precision of a set first is faster than ranking all neurons.
    SELECT part, language, size, list_reverse_sort(list(precision))[size] AS smallest
    FROM precisions
    JOIN (SELECT part, language, count(*) AS size FROM lape_sets GROUP BY part, language) USING (part, language)
    GROUP BY part, language, size
), precision_sets AS (
    SELECT part, language, layer, neuron
    FROM precisions JOIN precision_bars USING (part, language)
    WHERE precision >= smallest
    QUALIFY row_number() OVER (PARTITION BY part, language ORDER BY precision DESC, layer, neuron) <= size
), detector_sets AS (
    SELECT 'LAPE' AS detector, part, language, layer, neuron FROM lape_sets
    UNION ALL
    SELECT 'average precision', part, language, layer, neuron FROM precision_sets
    UNION ALL
    SELECT 'P90', part, language, layer, neuron FROM p90_sets
    UNION ALL
    SELECT 'specific', part, language, layer, neuron FROM specific_sets
), detector_sizes AS (
    -- Also of empty sets, where the detector applies.
    SELECT g.place, g.detector, g.part, g.language, count(s.neuron) AS size
    FROM (
        SELECT d.place, d.detector, l.part, l.language
        FROM (SELECT DISTINCT part, language FROM p90_bars) l
        CROSS JOIN (VALUES (0, 'LAPE'), (1, 'average precision'), (2, 'P90'), (3, 'specific')) d(place, detector)
        WHERE (d.place <> 1 OR EXISTS (SELECT 1 FROM neuron_precision WHERE run = $run))
            AND (d.place <> 3 OR l.language IN (SELECT language FROM specific_languages))
    ) g
    LEFT JOIN detector_sets s USING (detector, part, language)
    GROUP BY ALL
)
