-- Mean reciprocal rank of a random order of n candidates: (1 + 1/2 + … + 1/n) / n.
reciprocal_chance AS (
    SELECT n_candidates, list_sum(list_transform(range(1, n_candidates + 1), lambda k: 1 / k)) / n_candidates AS chance
    FROM (SELECT DISTINCT n_candidates FROM examples WHERE n_candidates IS NOT NULL)
)
