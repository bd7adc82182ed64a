-- Claims about ablation: claim, comparison and estimate, as in claims_of_types; and whether the model solves the task.
judged AS (
    -- Generated answers if there are any, otherwise the most likely choice.
    SELECT e.condition, e.example, e.language, k.fold,
        if((SELECT count(correct) > 0 FROM ablation_examples WHERE run = $run), e.correct,
            e.rank_correct)::INTEGER AS hit, e.rank_correct::INTEGER AS rank_hit, e.answer_logprob AS logprob
    FROM ablation_examples e
    JOIN examples x ON x.run = $run AND x.example = e.example AND x.language = e.language
    JOIN blocks k ON k.cluster = x.cluster
    WHERE e.run = $run AND list_contains($languages, e.language)
),
ablating AS (
    -- The baseline and conditions with the first value that removes what neurons write about the input.
    SELECT *
    FROM conditions
    WHERE run = $run AND (kind = 'baseline' OR value = (
        SELECT value
        FROM conditions
        WHERE run = $run AND kind NOT IN ('baseline', 'prompt') AND value IN ('0', 'mean', 'resample')
        ORDER BY condition
        LIMIT 1
    ))
),
whole_types AS (
    SELECT min(condition) AS condition, kind, coalesce(type::VARCHAR, kind) AS name
    FROM ablating
    WHERE (kind = 'baseline' OR (kind = 'type' AND fraction IS NULL AND layers IS NULL))
    GROUP BY kind, type
),
against AS (
    -- Pairs of conditions (a, b). A whole type contributes more than any control of equal size, so the comparison with
    -- a control uses the largest paired dose, and the answer's log-probability, because accuracy hardly changes at it.
    SELECT 'all-shared-ablation-worst' AS claim, o.name AS versus, o.condition AS a, e.condition AS b
    FROM whole_types e, whole_types o
    WHERE e.name = 'all-shared' AND o.kind = 'type' AND o.name != e.name
    UNION ALL
    (SELECT 'all-shared-beyond-control', format('the paired control ({:.1f} % of all neurons)', c.percent),
        c.condition, e.condition
    FROM ablating e JOIN ablating c ON c.matched_to = e.condition
    WHERE e.kind = 'dose' AND e.type = 'all-shared' AND e.layers IS NULL
    ORDER BY e.fraction DESC, e.condition
    LIMIT 1)
    UNION ALL
    SELECT 'random-harmless', format('{:g} % at random', 100 * c.fraction), b.condition, c.condition
    FROM whole_types b, ablating c
    -- Smaller random sets are beside sets selected from data; the paper's begin at 5 %.
    WHERE b.kind = 'baseline' AND c.kind = 'random' AND c.fraction BETWEEN 0.05 AND 0.25
),
answers AS (
    SELECT language, fold, answer, correct::INTEGER AS hit
    FROM examples
    WHERE run = $run AND list_contains($languages, language) AND correct IS NOT NULL
    UNION ALL
    SELECT j.language, j.fold, x.answer, j.hit
    FROM judged j
    JOIN whole_types b ON b.condition = j.condition AND b.kind = 'baseline'
    JOIN examples x ON x.run = $run AND x.example = j.example AND x.language = j.language
    WHERE j.hit IS NOT NULL AND NOT EXISTS (SELECT 1 FROM examples WHERE run = $run AND correct IS NOT NULL)
),
constant_answers AS (
    -- Accuracy of a constant answer: the most frequent answer of each language.
    SELECT 100 * sum(most) / nullif(sum(n), 0) AS chance
    FROM (
        SELECT language, max(n) AS most, sum(n) AS n
        FROM (SELECT language, answer, count(*) AS n FROM answers GROUP BY ALL)
        GROUP BY language
    )
),
answer_folds AS (
    SELECT fold, sum(hit)::DOUBLE AS hits, count(*)::DOUBLE AS n
    FROM answers
    GROUP BY fold
),
accuracy AS (
    SELECT 100 * sum(hits) OVER () / sum(n) OVER () AS accuracy,
        100 * (sum(hits) OVER () - hits) / nullif(sum(n) OVER () - n, 0) AS without_fold
    FROM answer_folds
),
generated AS (
    SELECT any_value(accuracy) AS accuracy, chance, any_value(accuracy) - chance
        > strict[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS better
    FROM accuracy, constant_answers, strict_student
    GROUP BY chance, strict
),
ranks AS (
    SELECT language, fold, answer, 1 / rank AS reciprocal
    FROM examples
    WHERE run = $run AND list_contains($languages, language) AND rank IS NOT NULL
),
constant_order AS (
    -- Mean reciprocal rank of the best constant order of candidates: by frequency as an answer, in each language.
    SELECT sum(n / place) / nullif(sum(n), 0) AS chance
    FROM (
        SELECT n, row_number() OVER (PARTITION BY language ORDER BY n DESC) AS place
        FROM (SELECT language, answer, count(*) AS n FROM ranks GROUP BY ALL)
    )
),
rank_folds AS (
    SELECT fold, sum(reciprocal) AS total, count(*) AS n
    FROM ranks
    GROUP BY fold
),
reciprocals AS (
    SELECT sum(total) OVER () / sum(n) OVER () AS reciprocal,
        (sum(total) OVER () - total) / nullif(sum(n) OVER () - n, 0) AS without_fold
    FROM rank_folds
),
ranked AS (
    SELECT any_value(reciprocal) AS reciprocal, chance, any_value(reciprocal) - chance
        > strict[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS better
    FROM reciprocals, constant_order, strict_student
    GROUP BY chance, strict
),
competence AS (
    -- The model knows answers if it generates more right ones than a constant answer, or ranks them higher than a
    -- constant order. If it only ranks them, ablations are judged by the most likely choice, where there are choices.
    SELECT generates, generates OR ranks AS competent, competent AND NOT generates AND chooses AS by_choice
    FROM (SELECT coalesce(any_value(better), false) AS generates FROM generated),
        (SELECT coalesce(any_value(better), false) AS ranks FROM ranked),
        (SELECT count(rank_hit) > 0 AS chooses FROM judged)
),
hit_folds AS (
    SELECT claim, versus, fold, sum(a)::DOUBLE AS a, sum(b)::DOUBLE AS b, count(*) AS n
    FROM (
        SELECT k.claim, k.versus, a.fold,
            if(k.claim = 'all-shared-beyond-control', a.logprob, 100 * if(by_choice, a.rank_hit, a.hit)) AS a,
            if(k.claim = 'all-shared-beyond-control', b.logprob, 100 * if(by_choice, b.rank_hit, b.hit)) AS b
        FROM competence, against k
        JOIN judged a ON a.condition = k.a
        JOIN judged b ON b.condition = k.b AND b.example = a.example AND b.language = a.language
    )
    WHERE a IS NOT NULL AND b IS NOT NULL
    GROUP BY claim, versus, fold
),
hit_drops AS (
    SELECT NULL::INTEGER AS dropped
    UNION ALL
    SELECT DISTINCT fold
    FROM hit_folds
),
ablation_estimates AS (
    SELECT claim, versus, dropped,
        (sum(a) - sum(b)) / nullif(if(claim = 'random-harmless', sum(a) / 100, sum(n)), 0) AS x
    FROM hit_folds JOIN hit_drops ON fold IS DISTINCT FROM dropped
    GROUP BY claim, versus, dropped
)
