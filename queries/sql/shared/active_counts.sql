-- Neuron × example pairs by number of active selected languages, per layer and fold.
active_counts AS (
    SELECT layer, fold, bit_count(mask)::INTEGER AS active, sum(n) AS n
    FROM subset_masks
    GROUP BY ALL
    UNION ALL
    SELECT h.layer, h.fold, h.n_active, sum(h.n)::DOUBLE
    FROM active_histogram h JOIN subset s ON s.whole
    WHERE h.run = $run AND h.scope = 'last' AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
)
