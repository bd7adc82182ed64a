-- Average precision of each neuron as a detector of each language, by part.
precisions AS (
    SELECT part, language, layer, neuron,
        CASE part WHEN 'first' THEN precision_first WHEN 'second' THEN precision_second ELSE precision_all END
            AS precision
    FROM neuron_precision CROSS JOIN (SELECT DISTINCT part FROM parts)
    WHERE run = $run AND list_contains($languages, language)
)
