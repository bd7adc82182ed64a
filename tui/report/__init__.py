"""`neurontui report`: every figure and table of the paper for the runs of a results file.

    build      queries -> Report, a tree of sections, figures and tables that knows no format
    sections/  one function a figure or table: (results, run) -> Block
    write      the file; draws by tui.charts.figure, which alone imports matplotlib
    markdown   Report -> Markdown;  html: Report -> one self-contained page

Text in a Report is as stored; each format escapes it where it writes it.
"""
