-- Change of the answer's log-probability under every condition but the baseline, for each input.
logprob_changes AS (
    SELECT e.condition, e.example, e.language, k.fold, e.answer_logprob - b.answer_logprob AS change
    FROM ablation_examples e
    JOIN examples x ON x.run = $run AND x.example = e.example AND x.language = e.language
    JOIN blocks k ON k.cluster = x.cluster
    JOIN ablation_examples b ON b.run = $run AND b.example = e.example AND b.language = e.language
        AND b.condition = (SELECT min(condition) FROM conditions WHERE run = $run AND kind = 'baseline')
    WHERE e.run = $run AND e.condition != b.condition AND list_contains($languages, e.language)
        AND e.answer_logprob - b.answer_logprob IS NOT NULL
)
