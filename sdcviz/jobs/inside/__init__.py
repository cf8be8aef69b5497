"""What runs inside of every job, in each engine the same: ``python -m sdcviz.jobs.inside FOLDER``.

It starts the command of a job folder, keeps its limits and its log, and writes events and the
exit record. Only the standard library, and little of it: it has to start in an instant.
"""
