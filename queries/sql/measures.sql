-- name: measures
-- title: What was measured in a run
-- figure:
-- description: Which measures the run has, so that a screen can say what is missing instead of showing nothing.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
-- columns:
--   measure  -  types, masks, tokens, attribution, effects, strongest, vocabulary, answers or ablation.
--   present  -  Whether the run has it.
--   reads    -  What it is, and what was kept for it.
FROM (VALUES
    ('types', EXISTS (SELECT 1 FROM mask_histogram WHERE run = $run)
        OR EXISTS (SELECT 1 FROM active_histogram WHERE run = $run), 'type ratios of any set of languages'),
    ('masks', EXISTS (SELECT 1 FROM activations WHERE run = $run),
        'one mask a neuron and example; not in a file of aggregates'),
    ('tokens', EXISTS (SELECT 1 FROM neuron_tokens_active WHERE run = $run),
        'activity at every token of the prompts'),
    ('attribution', EXISTS (SELECT 1 FROM attribution WHERE run = $run), 'contribution scores'),
    ('effects', EXISTS (SELECT 1 FROM attribution WHERE run = $run AND es_sum IS NOT NULL),
        'effective scores'),
    ('strongest', EXISTS (SELECT 1 FROM neuron_examples WHERE run = $run), 'inputs that excite a neuron most'),
    ('vocabulary', EXISTS (SELECT 1 FROM neuron_vocabulary WHERE run = $run),
        'tokens that a neuron raises and lowers'),
    ('answers', EXISTS (SELECT 1 FROM examples WHERE run = $run AND correct IS NOT NULL),
        'answers generated and judged'),
    ('ablation', EXISTS (SELECT 1 FROM ablation_examples WHERE run = $run), 'answers with neurons switched off')
) measures(measure, present, reads)
WHERE EXISTS (SELECT 1 FROM runs WHERE run = $run)
