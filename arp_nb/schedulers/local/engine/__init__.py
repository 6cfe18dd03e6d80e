"""Queue, supervisor and commands of the local scheduler.

Standard library only, and imports among themselves only: these modules start in a few
milliseconds, without the package around them. What holds at any moment:

* the book (SQLite, durable) is the only truth; there is no daemon;
* a job in state RUN or USUSP has a supervisor which holds an flock on the job's lock file, so
  that whoever looks can tell a supervisor that was killed; that of an interactive job is its
  own ``bsub``, from its submission on;
* what is asked of a job (stop, go on, end) stands in the book before its supervisor is told to
  look at it (SIGUSR1), so that no order is lost between the submission and the start;
* whoever changes the book so that a job could start, starts a supervisor, which takes the
  oldest waiting job if a slot is free, and leaves if none is.
"""
