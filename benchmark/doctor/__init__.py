"""Examines an installation and the machine it is on, for bug reports.

Nothing that is found names a person, a machine or a folder, and no network is used. A diagnosis (`diagnosis.py`) is
made of the packages (`installed_packages.py`), of a trial of the core in a process of its own (`trial.py`) and of the
machine (`machine.py`), and is laid out as text that can be pasted (`diagnosis_text.py`).
"""
