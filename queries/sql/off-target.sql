-- name: off-target
-- title: Whose neurons matter for which language
-- figure: beyond the paper: as in Tang et al. 2024, arXiv:2402.16438, with controls and intervals
-- description: Each set of neurons that a rule selected for a language (--ablation-sets), and what its ablation changes
--   in every language; beside it the same for a control of equal size in each layer and similar contribution, and the
--   difference of both. A set is specific if it does harm, beyond its control, in its own language only. Specificity:
--   the number of the set's own language minus the mean of the other languages.
--   95 % intervals: paired by input, jackknife over 20 blocks of the ablated sources, Student's t, with fewer degrees
--   of freedom if the blocks have unequal sizes. They are for one number; p_holm is for all cells of a matrix together,
--   so that a matrix without any effect has a value below 0.05 in at most one of twenty runs.
-- shared: student, student_p, blocks, outcomes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the sets and of the inputs.
--   $measure    logprob|generation|rank|first|invalid = logprob  What is compared, see above.
-- columns:
--   rule             -       How the set was selected.
--   value            -       Value that the neurons were set to.
--   part             -       cell: a language of the inputs; specificity: own language minus the mean of the others.
--   set_language     -       Language whose neurons were ablated.
--   language         -       Language of the inputs; NULL for specificity.
--   condition        -       Number of the condition.
--   percent          %       Ablated neurons for these inputs, share of all neurons.
--   control_percent  %       The same of the control.
--   change           -       Change from the baseline with the set ablated: nats for logprob, otherwise points.
--   change_low       -       Lower end of its 95 % interval; NULL with fewer than two folds.
--   change_high      -       Upper end.
--   control          -       Change from the baseline with the control ablated.
--   control_low      -       Lower end of its 95 % interval.
--   control_high     -       Upper end.
--   difference       -       Set minus control; negative if ablating the set does more harm.
--   low              -       Lower end of its 95 % interval.
--   high             -       Upper end.
--   p_value          -       Two-sided p-value of the difference.
--   p_holm           -       The same, adjusted by Holm for all cells (or all specificities) of this rule and value.
--   n                inputs  Compared inputs.
WITH pairs AS (
    SELECT s.condition, s.rule, s.value, s.set_language, c.condition AS control_condition
    FROM conditions s JOIN conditions c ON c.run = s.run AND c.matched_to = s.condition
    WHERE s.run = $run AND s.kind = 'selected' AND list_contains($languages, s.set_language)
), compared AS (
    SELECT p.condition, p.set_language, a.language, a.fold, a.n_ablated, c.n_ablated AS control_ablated,
        if($measure = 'logprob', a.logprob - a.base_logprob, 100 * (a.hit - a.base)) AS change,
        if($measure = 'logprob', c.logprob - c.base_logprob, 100 * (c.hit - c.base)) AS control
    FROM pairs p
    JOIN outcomes a ON a.condition = p.condition
    JOIN outcomes c ON c.condition = p.control_condition AND c.example = a.example AND c.language = a.language
    WHERE change IS NOT NULL AND control IS NOT NULL
), sums AS (
    SELECT condition, set_language, language, fold, sum(change) AS change, sum(control) AS control, count(*) AS n
    FROM compared
    GROUP BY ALL
), drops AS (
    SELECT NULL::INTEGER AS dropped
    UNION ALL
    SELECT DISTINCT fold FROM sums
), means AS (
    SELECT condition, set_language, language, dropped, sum(change) / sum(n) AS change, sum(control) / sum(n) AS control
    FROM sums JOIN drops ON fold IS DISTINCT FROM dropped
    GROUP BY ALL
), estimates AS (
    SELECT condition, language, dropped, change, control
    FROM means
    WHERE dropped IS NULL OR (condition, language, dropped) IN (SELECT condition, language, fold FROM sums)
    UNION ALL
    SELECT condition, NULL, dropped,
        any_value(change) FILTER (language = set_language) - avg(change) FILTER (language != set_language),
        any_value(control) FILTER (language = set_language) - avg(control) FILTER (language != set_language)
    FROM means
    GROUP BY condition, dropped
), sizes_of_blocks AS (
    SELECT condition, language, fold, sum(n)::BIGINT AS n
    FROM sums
    GROUP BY GROUPING SETS ((condition, language, fold), (condition, fold))
), degrees_of_freedom AS (
    -- Blocks of unequal size vary less independently than as many equal ones: effective number (Kish) minus one.
    SELECT condition, language, if(count(*) < 2, 0, greatest(1, sum(n) * sum(n) // sum(n * n) - 1))::INTEGER AS degrees
    FROM sizes_of_blocks
    GROUP BY condition, language
), intervals AS (
    SELECT condition, language, count(dropped) - 1 AS others,
        any_value(change) FILTER (dropped IS NULL) AS change,
        any_value(control) FILTER (dropped IS NULL) AS control,
        any_value(change - control) FILTER (dropped IS NULL) AS difference,
        sqrt(others * var_pop(change) FILTER (dropped IS NOT NULL)) AS change_error,
        sqrt(others * var_pop(control) FILTER (dropped IS NOT NULL)) AS control_error,
        sqrt(others * var_pop(change - control) FILTER (dropped IS NOT NULL)) AS error
    FROM estimates
    GROUP BY condition, language
), tested AS (
    SELECT i.*, degrees, atan2(abs(difference), error * sqrt(degrees)) AS h,
        coalesce(list_sum(list_transform(odd[1:(degrees - 1) // 2], lambda c, k: c * pow(cos(h), 2 * k - 1))), 0)
            AS odds,
        coalesce(list_sum(list_transform(even[1:degrees // 2], lambda c, k: c * pow(cos(h), 2 * k - 2))), 0) AS evens,
        CASE WHEN degrees < 1 THEN NULL WHEN difference = 0 THEN 1
            WHEN degrees % 2 = 1 THEN 1 - 2 / pi() * (h + sin(h) * odds) ELSE 1 - sin(h) * evens END AS p_value
    FROM intervals i JOIN degrees_of_freedom d USING (condition), student_p
    WHERE d.language IS NOT DISTINCT FROM i.language
), sizes AS (
    SELECT condition, language, 100 * avg(n_ablated) / any_value(n_neurons) AS percent,
        100 * avg(control_ablated) / any_value(n_neurons) AS control_percent, count(*) AS n
    FROM compared, (SELECT sum(n_neurons) AS n_neurons FROM layers WHERE run = $run)
    GROUP BY GROUPING SETS ((condition, language), (condition))
), rows AS (
    SELECT p.rule, p.value, if(i.language IS NULL, 'specificity', 'cell') AS part, p.set_language, i.language,
        i.condition, s.percent, s.control_percent, t[degrees] AS quantile,
        change, change_error, control, control_error, difference, error, if(p_value < 0, 0, p_value) AS p_value, s.n,
        row_number() OVER (PARTITION BY p.rule, p.value, part ORDER BY p_value, i.condition, i.language) AS place,
        count(p_value) OVER (PARTITION BY p.rule, p.value, part) AS n_tests
    FROM tested i JOIN pairs p ON p.condition = i.condition
    JOIN sizes s ON s.condition = i.condition AND s.language IS NOT DISTINCT FROM i.language, student
    WHERE difference IS NOT NULL
)
SELECT rule, value, part, set_language, r.language, condition, percent, control_percent,
    change, change - quantile * change_error AS change_low, change + quantile * change_error AS change_high,
    control, control - quantile * control_error AS control_low, control + quantile * control_error AS control_high,
    difference, difference - quantile * error AS low, difference + quantile * error AS high,
    p_value, if(p_value IS NULL, NULL, max(least(1, (n_tests - place + 1) * p_value)) OVER (
        PARTITION BY rule, value, part ORDER BY place ROWS UNBOUNDED PRECEDING)) AS p_holm, n
FROM rows r LEFT JOIN run_languages l ON l.run = $run AND l.language = r.language
ORDER BY min(condition) OVER (PARTITION BY rule, value), condition, l.bit NULLS LAST
