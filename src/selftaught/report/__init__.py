"""What is known of a run, for people and programs. All of it is a pure function of the records.

view.py           records → one frozen value
provenance.py     records → where an improver comes from, and what it measured
candidates.py     records → every program that an improver had scored, with its parent, prompt and response
ledger.py         records → what was bought of the model, for what, at what cost
guesses.py        records → what was scored before anybody asked for it, and what of that was bought in vain
tables.py         that value → rows and sentences for a terminal
as_json.py        that value → one stable, versioned object
page.py           that value → one self-contained HTML file (page.html.jinja); what the live pages share with it
experiment_page.py  the same for an experiment (experiment.html.jinja)
comparison.py     several such values → what differs between the runs, and by how much
curve.py          means and errors → an SVG drawing
figures.py        a figure of an experiment → an SVG file
ticks.py          round numbers for an axis
plots.py          what a run did over its time → SVG drawings
over_time.py      what took how long and was spent when, as a drawing shows it
snapshot.py       the fold of a record, kept beside it: only what is new is read
lineage.py        what each step changed in the improver → coloured lines
untrusted.py      text that a guest or a model wrote, made safe to look at
"""
