-- Neuron × example pairs of each type over the selected languages at the last token, per threshold, layer and fold.
type_counts AS (
    SELECT h.threshold, h.layer, h.fold, sum(h.n) AS n, coalesce(sum(h.n) FILTER (h.mask & s.mask = 0), 0) AS non,
        coalesce(sum(h.n) FILTER (bit_count(h.mask & s.mask) = 1), 0) AS one,
        coalesce(sum(h.n) FILTER (h.mask & s.mask = s.mask), 0) AS every
    FROM mask_histogram h, subset s
    WHERE h.run = $run AND h.scope = 'last'
    GROUP BY ALL
    UNION ALL
    SELECT h.threshold, h.layer, h.fold, sum(h.n), coalesce(sum(h.n) FILTER (n_active = 0), 0),
        coalesce(sum(h.n) FILTER (n_active = 1), 0), coalesce(sum(h.n) FILTER (n_active = p), 0)
    FROM active_histogram h JOIN subset s ON s.whole
    WHERE h.run = $run AND h.scope = 'last'
    GROUP BY ALL
    UNION ALL
    -- Masks by neuron have no fold.
    SELECT r.threshold, m.layer, NULL, sum(m.n), coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0),
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1), 0),
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0)
    FROM neuron_masks m JOIN runs r ON r.run = m.run AND len(r.languages) > 15 JOIN subset s ON NOT s.whole
    WHERE m.run = $run
    GROUP BY ALL
)
