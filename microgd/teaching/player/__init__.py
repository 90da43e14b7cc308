"""The player: one HTML page that steps through a lesson, gate by gate. It asks nothing of anybody.

`page.py` puts it together: `circuit.py` makes Graphviz's picture one whose parts come and go,
`steps.py` tells the script what each step shows, `colours.py` and `words.py` hold what their
names say. What the browser runs lies in `web/`, in parts.
"""
