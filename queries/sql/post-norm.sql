-- name: post-norm
-- title: Whether scores include the norm behind each FFN
-- figure:
-- description: In some architectures (Gemma, OLMo 2, GLM-4, Granite and others) a norm or a constant factor is between
--   each FFN and the residual stream. The note says whether the run's contribution and effective scores include it; a
--   run without scores has no row.
-- parameters:
--   $run    run  The run: number, name or key. Default: the last run.
-- columns:
--   included  -       Whether scores include it; NULL if that is not recorded.
--   layers    layers  Number of layers that have one; NULL if that is not recorded.
--   note      -       One sentence; NULL if no layer has one.
WITH recorded AS (
    SELECT architecture, (settings->>'post_norm')::BOOLEAN AS included,
        (settings->>'post_norm_layers')::INTEGER AS layers,
        (SELECT count(*) FROM layers l WHERE l.run = r.run) AS all_layers
    FROM runs r
    WHERE run = $run AND EXISTS (SELECT 1 FROM attribution a WHERE a.run = r.run)
)
SELECT included, layers,
    CASE
        WHEN layers > 0 THEN format('scores {} the norm or factor behind each FFN ({} of {} layers)',
            if(included, 'include', 'exclude'), layers, all_layers)
        WHEN layers IS NULL AND architecture IN ('gemma2', 'gemma3', 'gemma3_text', 'gemma3n', 'gemma3n_text',
            'gemma4', 'gemma4_text', 'olmo2', 'olmo3', 'olmo_hybrid', 'flex_olmo', 'exaone4', 'glm4', 'hyperclovax',
            'afmoe', 't5gemma', 't5gemma2', 'granite', 'granitemoe', 'granite_swa', 'minicpm3')
            THEN 'not recorded whether scores include the norm or factor behind each FFN'
    END AS note
FROM recorded
