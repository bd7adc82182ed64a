-- Every input under every condition, with its baseline outcome. Conditions that differ only in their seed are one arm.
arms AS (
    SELECT * REPLACE (
            if(count(*) OVER arm > 1, regexp_replace(label, ', seed \d+$', ''), label)
                || if(target IS NULL AND value = 'mean', ', mean of all languages (earlier version)', '') AS label,
            if(target IS NULL AND value = 'mean', 'mean of all languages (earlier version)', value) AS value
        ),
        min(condition) OVER arm AS first, count(*) OVER arm AS n_seeds
    FROM conditions
    WHERE run = $run
    WINDOW arm AS (
        PARTITION BY kind, type, fraction, scope, layers, conditions.value, matched_to, rule, set_language,
            if(kind = 'user', condition, NULL)
    )
),
outcomes AS (
    SELECT a.first, e.condition, e.example, e.language, e.n_ablated, k.fold,
        CASE $measure WHEN 'generation' THEN e.correct::INTEGER WHEN 'rank' THEN e.rank_correct::INTEGER
            WHEN 'first' THEN 1 / e.first_rank ELSE (NOT e.valid)::INTEGER END AS hit,
        CASE $measure WHEN 'generation' THEN b.correct::INTEGER WHEN 'rank' THEN b.rank_correct::INTEGER
            WHEN 'first' THEN 1 / b.first_rank ELSE (NOT b.valid)::INTEGER END AS base,
        e.answer_logprob AS logprob, b.answer_logprob AS base_logprob
    FROM ablation_examples e
    JOIN arms a ON a.condition = e.condition
    JOIN examples x ON x.run = $run AND x.example = e.example AND x.language = e.language
    JOIN blocks k ON k.cluster = x.cluster
    LEFT JOIN ablation_examples b ON b.run = $run AND b.example = e.example AND b.language = e.language
        AND b.condition = (SELECT min(condition) FROM conditions WHERE run = $run AND kind = 'baseline')
    WHERE e.run = $run AND list_contains($languages, e.language)
)
