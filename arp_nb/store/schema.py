"""The tables, in SQLAlchemy Core. The migrations make them; a test holds the two together.

Times are whole microseconds since 1970 in UTC, JSON is text, states are the words of
`arp_nb.model`. Rows that travel in the change feed carry a ``revision``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

#: the newest migration; a store that names another one is migrated, or is newer than we are
HEAD = "0005"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, default: str | None = None) -> Column[str]:
    """Text that is never null; with a default where rows may leave it out."""
    quoted = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=False, server_default=quoted)


#: one row: who this store is, and how far it has counted
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("epoch"),
    Column("key", LargeBinary, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("next_job_id", Integer, nullable=False),
    #: the newest revision that `purge` has forgotten
    Column("horizon", BigInteger, nullable=False),
)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), _text("value"))

#: what a user's pages remember, wherever the user logs in; JSON
preference = Table(
    "preference",
    metadata,
    Column("user", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    _text("value"),
)

experiment = Table(
    "experiment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    _text("instrument"),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

definition = Table(
    "definition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False),
    _text("name"),
    Column("version", Integer, nullable=False),
    Column("deleted_at", BigInteger),
    Column("deleted_by", Text),
    Column("revision", BigInteger, nullable=False, index=True),
    #: since 0005: what was consented to
    Column("consent_version", Integer),
    Column("consent_sha256", Text),
    _text("consent_text", ""),
    #: why autorun waits, and who said so
    _text("paused_why", ""),
    Column("paused_by", Text),
    Column("paused_at", BigInteger),
    _text("paused_said", ""),
    # a deleted definition gives its name free at once
    Index(
        "uq_definition_name_in_use",
        "experiment_id",
        "name",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(None, "experiment_id", "revision"),
    sqlite_autoincrement=True,  # ids stand in addresses: never used again
)

definition_version = Table(
    "definition_version",
    metadata,
    Column("definition_id", ForeignKey("definition.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _text("name"),
    _text("executable"),
    _text("parameters"),
    Column("quoted_parameters", Boolean, nullable=False),
    _text("arguments"),
    _text("trigger"),
    _text("location"),
    _text("script_check"),
    #: of the script when somebody last saved or checked it
    Column("checked_sha256", Text),
    _text("changed_by"),
    Column("changed_at", BigInteger, nullable=False),
    #: the consent to autorun that this version was saved with
    Column("autorun", Boolean, nullable=False, server_default=text("0")),
    Column("autorun_by", Text),
    Column("autorun_at", BigInteger),
    #: since 0005
    _text("predicate", ""),
    _text("run_types", ""),
    _text("after", ""),
    _text("run_param", ""),
    _text("run_value", ""),
    Column("most_at_once", Integer, nullable=False, server_default=text("0")),
    Column("most_per_hour", Integer, nullable=False, server_default=text("0")),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    _text("parameters", "{}"),
    Column("revision", BigInteger, nullable=False, index=True),
    #: since 0005
    _text("type", ""),
    _text("source", "api"),
    Column("first_file_at", BigInteger),
    Column("all_files_at", BigInteger),
    Column("nonrec_files_at", BigInteger),
    Column("reopened", Integer, nullable=False, server_default=text("0")),
    Column("excluded_at", BigInteger),
    Column("excluded_by", Text),
    _text("excluded_why", ""),
    #: JSON: by parameter, since when it has its value
    _text("parameters_since", "{}"),
    #: JSON: by source, and "api", which times it told, as it told them
    _text("told", "{}"),
    UniqueConstraint("experiment_id", "number"),
    Index(None, "experiment_id", "revision"),
)

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False, index=True),
    Column("run", Integer, nullable=False),
    Column("definition_id", ForeignKey("definition.id"), nullable=False),
    _text("hash"),
    Column("version", Integer, nullable=False),
    _text("parameters"),
    _text("argv"),
    _text("user"),
    _text("location"),
    _text("trigger"),
    Column("state", Text, nullable=False, index=True),
    _text("phase", ""),
    _text("native_state", ""),
    Column("native_id", Text),
    _text("reason", ""),
    _text("notes", "[]"),
    Column("exit_code", Integer),
    Column("signal", Integer),
    _text("queue", ""),
    _text("host", ""),
    Column("peak_memory_mb", Float),
    Column("requested_at", BigInteger, nullable=False),
    Column("submitted_at", BigInteger),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("rerun_of", Integer),
    Column("kill_by", Text),
    Column("kill_at", BigInteger),
    Column("lease_token", Text),
    Column("spool_id", Text),
    Column("deleted_at", BigInteger),
    Column("deleted_by", Text),
    Column("reported_at", BigInteger),
    Column("revision", BigInteger, nullable=False, index=True),
    _text("report", "{}"),  # it may be long, and what stands before it is read faster
    #: since 0004
    Column("asked_memory_mb", Float),
    Column("asked_time_s", Float),
    Column("override_memory_mb", Float),
    Column("override_time_s", Float),
    Column("root_id", Integer),
    _text("error_line", ""),
    _text("log_path", ""),
    #: JSON; see `arp_nb.parts`
    _text("parts", "{}"),
    Column("kill_subjobs", Boolean, nullable=False, server_default=text("0")),
    #: since 0005
    Column("cores", Integer),
    Index(None, "experiment_id", "revision"),
    Index(None, "definition_id", "run"),
    *(
        Index(
            f"ix_job_{name}",
            name,
            sqlite_where=text(f"{name} IS NOT NULL"),
            postgresql_where=text(f"{name} IS NOT NULL"),
        )
        for name in ("native_id", "deleted_at", "root_id")
    ),
)

#: of a scheduler job that has not ended
IS_LIVE = text("state IN ('pending', 'running', 'suspended')")

#: in the order of submission: their ids grow
scheduler_job = Table(
    "scheduler_job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", ForeignKey("job.id"), nullable=False),
    Column("native_id", Text, nullable=False, index=True),
    _text("source"),
    _text("nonce"),
    _text("native_state"),
    _text("state"),
    _text("role", "sibling"),
    #: JSON: pairs of word and number, of an array
    _text("elements", "[]"),
    _text("reason", ""),
    Column("exit_code", Integer),
    _text("kill_by", ""),
    UniqueConstraint("job_id", "native_id"),
    Index("ix_scheduler_job_live", "job_id", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
)

#: the first line of a job's history (it was requested) stands in the job itself
transition = Table(
    "transition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", ForeignKey("job.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    _text("old"),
    _text("new"),
    _text("native_state"),
    _text("reason"),
    _text("by"),
)

#: what many starts have in common, each text once: scripts, and login environments as JSON
kept_text = Table(
    "kept_text",
    metadata,
    Column("id", Integer, primary_key=True),
    #: of this text in UTF-8
    Column("sha256", Text, nullable=False, unique=True),
    _text("text"),
)

#: what a job's script was started with; a lease that came to nothing may have left one too
job_start = Table(
    "job_start",
    metadata,
    Column("spool_id", Text, primary_key=True),
    Column("job_id", ForeignKey("job.id"), nullable=False, index=True),
    Column("script_id", ForeignKey("kept_text.id"), nullable=False, index=True),
    Column("login_id", ForeignKey("kept_text.id"), nullable=False, index=True),
    #: JSON: what is not the script's text and not the login environment
    _text("content"),
)

counter_point = Table(
    "counter_point",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)

#: one *apply*: durable before its first job, and finished when ``made`` is ``jobs``
apply_batch = Table(
    "apply_batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False),
    Column("definition_id", ForeignKey("definition.id"), nullable=False),
    Column("idempotency_key", Text),
    _text("fingerprint"),
    Column("at", BigInteger, nullable=False),
    #: its jobs have the ids from here on, without a gap
    Column("first_job_id", Integer, nullable=False),
    Column("jobs", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    _text("skipped_runs"),
    #: what its jobs are made of; null once they all are
    Column("content", Text),
    UniqueConstraint("experiment_id", "idempotency_key"),
    Index(
        "ix_apply_batch_unfinished",
        "definition_id",
        sqlite_where=text("content IS NOT NULL"),
        postgresql_where=text("content IS NOT NULL"),
    ),
)

_WAITS = text("outcome = 'waiting'")

#: what autorun decided: once for each definition, run, trigger and cause
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", ForeignKey("experiment.id"), nullable=False),
    Column("definition_id", ForeignKey("definition.id"), nullable=False),
    _text("hash"),
    Column("version", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    _text("trigger"),
    _text("cause"),
    _text("outcome"),
    _text("why"),
    _text("said"),
    #: JSON: what the predicate saw
    _text("seen"),
    Column("job_id", Integer),
    _text("user"),
    Column("event_at", BigInteger),
    Column("decided_at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
    UniqueConstraint("definition_id", "run", "trigger", "cause"),
    Index(None, "experiment_id", "revision"),
    Index(None, "experiment_id", "id"),
    Index(None, "experiment_id", "run"),
    Index("ix_ledger_waiting", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index(None, "definition_id", "outcome", "decided_at"),
)
