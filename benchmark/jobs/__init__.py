"""Hands commands of mswal-bench to a queue, SLURM's or one on this machine, and tells what became of them.

A folder holds all that is known of them: `queue.json` what was handed over, `tasks/` how each attempt ended, `logs/`
what they printed.
"""
