-- The requested layer, or all layers.
chosen_layers AS (
    SELECT layer
    FROM layers
    WHERE run = $run AND ($layer IS NULL OR layer = $layer)
)
