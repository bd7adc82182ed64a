-- name: steering
-- title: Steering the language of the answer
-- figure: beyond the paper
-- description: What happens if the neurons that were selected for a language are scaled, raised or set to their mean in
--   that language (--ablation-value scale:K, add:K, mean-of:LANG, with --ablation-sets): how many outputs are in the
--   language steered to, how many in the language of the input, and whether the expected answer survives. Beside it:
--   a control of equal size and similar contribution, random sets of that size, the baseline, and a prompt that asks
--   for the language (--ablation-prompt-baseline). Languages are detected in generated answers (--ablation-judge
--   generated) and NULL otherwise. The expected answer is that in the language of the input, so the same answer in
--   another language counts as lost, unless it is written alike.
--   95 % intervals: jackknife over 20 blocks of the ablated sources, Student's t; changes are paired by input.
-- shared: student, blocks, outcomes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
--   $measure    generation|rank|first|invalid = generation  Right; ranked first; 1 / rank of first token; no choice.
-- columns:
--   toward          -       Language steered to.
--   rule            -       How the set was selected; NULL for baseline and prompt.
--   arm             -       baseline, prompt, set, control or random.
--   value           -       What the neurons were set to; NULL for baseline and prompt.
--   strength        -       K of scale:K (a factor) or add:K (standard deviations); NULL for others.
--   language        -       Language of the inputs; NULL: all inputs in other languages than the one steered to.
--   percent         %       Changed neurons, share of all neurons.
--   switched        %       Outputs in the language steered to.
--   switched_low    %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   switched_high   %       Upper end.
--   own             %       Outputs in the language of the input.
--   own_low         %       Lower end of its 95 % interval.
--   own_high        %       Upper end.
--   undetermined    %       Outputs whose language cannot be determined.
--   n_outputs       inputs  Inputs with a detected or undetermined language.
--   accuracy        %       Share of inputs that satisfy the measure.
--   change          points  Accuracy minus baseline accuracy, on inputs that have both.
--   change_low      points  Lower end of its 95 % interval.
--   change_high     points  Upper end.
--   logprob         nats    Change of the answer's log-probability from the baseline, mean.
--   logprob_low     nats    Lower end of its 95 % interval.
--   logprob_high    nats    Upper end.
--   n               inputs  Inputs, over all seeds.
WITH steered AS (
    SELECT condition, kind, rule, value, fraction,
        coalesce(nullif(regexp_extract(value, '^mean-of:(.+)$', 1), ''), set_language) AS toward
    FROM conditions
    WHERE run = $run AND rule IS NOT NULL AND regexp_matches(value, '^(scale|add|mean-of):')
), prompts AS (
    SELECT condition, set_language AS toward FROM conditions WHERE run = $run AND kind = 'prompt'
), compared AS (
    SELECT condition, toward, rule, if(kind = 'selected', 'set', 'control') AS arm, value FROM steered
    UNION ALL
    SELECT DISTINCT r.condition, s.toward, s.rule, 'random', s.value
    FROM conditions r JOIN steered s ON s.value = r.value AND s.fraction = r.fraction
    WHERE r.run = $run AND r.kind = 'random'
    UNION ALL
    SELECT condition, toward, NULL, 'prompt', NULL FROM prompts
    UNION ALL
    SELECT DISTINCT b.condition, t.toward, NULL, 'baseline', NULL
    FROM conditions b, (SELECT toward FROM steered UNION SELECT toward FROM prompts) t
    WHERE b.run = $run AND b.kind = 'baseline'
), inputs AS (
    -- The detector knows languages without script and region: zh for zh-Hant.
    SELECT c.arm, c.toward, c.rule, c.value, o.language, o.fold, o.n_ablated, o.hit, o.hit - o.base AS change,
        o.logprob - o.base_logprob AS logprob,
        (e.output_language = split_part(c.toward, '-', 1))::INTEGER AS switched,
        (e.output_language = split_part(o.language, '-', 1))::INTEGER AS own,
        (e.output_language = 'und')::INTEGER AS undetermined
    FROM compared c
    JOIN outcomes o ON o.condition = c.condition
    JOIN ablation_examples e ON e.run = $run AND e.condition = o.condition AND e.example = o.example
        AND e.language = o.language
), selected AS (
    FROM inputs
    UNION ALL
    SELECT * REPLACE (NULL AS language) FROM inputs WHERE language != toward
), sums AS (
    SELECT arm, toward, rule, value, language, fold, count(*) AS n, sum(n_ablated) AS n_ablated,
        coalesce(sum(switched), 0) AS switched, coalesce(sum(own), 0) AS own,
        coalesce(sum(undetermined), 0) AS undetermined, count(switched) AS n_outputs,
        coalesce(sum(hit), 0) AS hits, count(hit) AS n_hits, coalesce(sum(change), 0) AS change,
        count(change) AS n_change, coalesce(sum(logprob), 0) AS logprob, count(logprob) AS n_logprob
    FROM selected
    GROUP BY ALL
), left_out AS (
    SELECT arm, toward, rule, value, language, sum(n) OVER whole AS n, sum(n_ablated) OVER whole AS n_ablated,
        sum(n_outputs) OVER whole AS n_outputs,
        100 * sum(switched) OVER whole / nullif(sum(n_outputs) OVER whole, 0) AS switched,
        100 * sum(own) OVER whole / nullif(sum(n_outputs) OVER whole, 0) AS own,
        100 * sum(undetermined) OVER whole / nullif(sum(n_outputs) OVER whole, 0) AS undetermined,
        100 * sum(hits) OVER whole / nullif(sum(n_hits) OVER whole, 0) AS accuracy,
        100 * sum(change) OVER whole / nullif(sum(n_change) OVER whole, 0) AS change,
        sum(logprob) OVER whole / nullif(sum(n_logprob) OVER whole, 0) AS logprob,
        100 * (sum(switched) OVER whole - switched) / nullif(sum(n_outputs) OVER whole - n_outputs, 0)
            AS switched_without,
        100 * (sum(own) OVER whole - own) / nullif(sum(n_outputs) OVER whole - n_outputs, 0) AS own_without,
        100 * (sum(change) OVER whole - change) / nullif(sum(n_change) OVER whole - n_change, 0) AS change_without,
        (sum(logprob) OVER whole - logprob) / nullif(sum(n_logprob) OVER whole - n_logprob, 0) AS logprob_without
    FROM sums
    WINDOW whole AS (PARTITION BY arm, toward, rule, value, language)
), intervals AS (
    SELECT arm, toward, rule, value, language, any_value(n)::BIGINT AS n, any_value(n_ablated) AS n_ablated,
        any_value(n_outputs)::BIGINT AS n_outputs,
        any_value(switched) AS switched, any_value(own) AS own, any_value(undetermined) AS undetermined,
        any_value(accuracy) AS accuracy, any_value(change) AS change, any_value(logprob) AS logprob,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(switched_without)) AS switched_half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(own_without)) AS own_half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(change_without)) AS change_half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(logprob_without)) AS logprob_half
    FROM left_out, student
    GROUP BY arm, toward, rule, value, language, t
)
SELECT toward, rule, arm, value, TRY_CAST(regexp_extract(value, '^(scale|add):(.+)$', 2) AS DOUBLE) AS strength,
    i.language, 100 * n_ablated / n / (SELECT sum(n_neurons) FROM layers WHERE run = $run) AS percent,
    switched, switched - switched_half AS switched_low, switched + switched_half AS switched_high,
    own, own - own_half AS own_low, own + own_half AS own_high, undetermined, n_outputs,
    accuracy, change, change - change_half AS change_low, change + change_half AS change_high,
    logprob, logprob - logprob_half AS logprob_low, logprob + logprob_half AS logprob_high, n
FROM intervals i
LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language
LEFT JOIN run_languages b ON b.run = $run AND b.language = i.toward
ORDER BY b.bit, rule NULLS FIRST, split_part(value, ':', 1), strength, value,
    list_position(['baseline', 'prompt', 'set', 'control', 'random'], arm), l.bit NULLS LAST
