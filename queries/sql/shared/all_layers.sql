-- All layers.
chosen_layers AS (
    SELECT layer
    FROM layers
    WHERE run = $run
)
