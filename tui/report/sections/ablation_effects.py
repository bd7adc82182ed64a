"""How much harm it does to switch neurons off: changes of every condition with intervals, and harm by dose."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.ablation import change_dots, dose_panels
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Figure
from neurontui.tui.report.run import Run


def changes(results: Results, run: Run) -> Block:
    """Every condition's change over all inputs: a type, then the control that is matched to it."""
    panels = change_dots(results.query("ablation-accuracy", run=run.number).to_pylist())
    if not panels:
        return missing(run, "ablation")
    return Figure(
        f"{run.anchor}-ablation",
        "Change from the baseline when neurons are switched off",
        "Tables 2 and 4, with matched controls",
        "Over all inputs. Filled: neurons of a type, whose letter is on the left. Hollow: its matched control, as many "
        "neurons that are active in that language but not of the type, with the same contribution. Crosses: random "
        "neurons, most of which are silent anyway. Lines: 95 % intervals, paired by input.",
        panels,
        run.command("ablation-accuracy"),
        columns=2,
    )


def doses(results: Results, run: Run) -> Block | None:
    """Harm by dose, a panel a type: the type, its control, random neurons. None where no doses were given."""
    panels = dose_panels(results.query("ablation-dose", run=run.number))
    if not panels:
        return None
    return Figure(
        f"{run.anchor}-doses",
        "Harm by dose",
        "beyond Tables 2 and 4",
        "Change as more and more neurons are switched off: of the type (solid), of other active ones like it (dashed), "
        "and random ones (dotted). Bands: 95 % intervals, paired by input.",
        tuple(run.panel(chart, chart.title, "% of neurons switched off") for chart in panels),
        run.command("ablation-dose"),
        columns=len(panels),
        same_y=True,
    )
