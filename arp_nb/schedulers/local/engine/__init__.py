"""Queue, supervisor and commands of the local scheduler.

Standard library only, and imports among themselves only: these modules start in a few
milliseconds, without the package around them. What holds at any moment:

* the book (SQLite, durable) is the only truth; there is no daemon;
* a job in state RUN has a supervisor which holds an flock on the job's lock file, so that
  whoever looks can tell a supervisor that was killed;
* whoever changes the book so that a job could start, starts a supervisor, which takes the
  oldest waiting job if a slot is free, and leaves if none is.
"""
