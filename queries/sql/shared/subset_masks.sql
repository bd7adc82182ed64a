-- Frequencies of the masks of the selected languages at the last token, per layer and fold; a mask may have several
-- rows. Empty if all of more than 15 languages are selected: active_histogram and language_pairs have the counts then.
subset_masks AS (
    SELECT h.layer, h.fold, h.mask & s.mask AS mask, h.n::DOUBLE AS n
    FROM mask_histogram h, subset s
    WHERE h.run = $run AND h.scope = 'last' AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
    UNION ALL
    -- Masks by neuron have no fold.
    SELECT m.layer, NULL, m.mask & s.mask, sum(m.n)::DOUBLE
    FROM neuron_masks m JOIN runs r ON r.run = m.run AND len(r.languages) > 15 JOIN subset s ON NOT s.whole
    WHERE m.run = $run
    GROUP BY ALL
)
