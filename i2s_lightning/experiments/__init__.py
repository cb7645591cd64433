"""The paper, experiment by experiment: ``python -m i2s_lightning experiment NAME``.

An experiment is a module in ``studies`` with a YAML file beside it. The module's ``run(lab)`` asks the lab for
embeddings (each is one ``fit``, in a folder of its own, made once and shared by all experiments that want the same
settings), and returns a figure, a table and verdicts. Its docstring is the title and the text of its page.
"""
