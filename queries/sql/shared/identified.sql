-- Whether a commit or a digest of files identifies the model of each run.
identified AS (
    SELECT run, revision IS NOT NULL OR settings->>'model_digest' IS NOT NULL AS identified
    FROM runs
)
