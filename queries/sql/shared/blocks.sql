-- Clusters of the ablated examples in 20 blocks. With a subset of examples, the run's own folds would be too few.
blocks AS (
    SELECT cluster, ((row_number() OVER (ORDER BY min(example)) - 1) * 20 // count(*) OVER ())::INTEGER AS fold
    FROM examples
    WHERE run = $run AND example IN (SELECT example FROM ablation_examples WHERE run = $run)
    GROUP BY cluster
)
