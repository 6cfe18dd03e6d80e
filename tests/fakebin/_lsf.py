"""A pretended LSF: its commands over a folder of job records, with its words and its faults.

FAKE_LSF          folder with one ``<id>.json`` for each job, and ``commands``, which logs calls
FAKE_LSF_PRODUCT  "ibm" (default), "volclava": fewer fields, no search by description, or
                  "old": IBM's before -json
FAKE_LSF_<NAME>   a fault of one command, e.g. FAKE_LSF_BJOBS=hang; a file ``<name>.fault`` in
                  the folder does the same:
                  hang | garbage | half | endless | exit:<code>:<words> | sample:<name>
                  say:<code>:<words>  so too, but nothing is done: refused, or only promised
                  wait                does nothing until the fault is taken back
                  slow:<s>            answers well, after so many seconds

Moments are kept as ``@<seconds since 1970>``, and printed in the zone of the command that asks;
other text in their place is printed as it is.

A job keeps the environment of its submission, as with LSF's own default, ``-env all``.
"""

import fnmatch
import json
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(os.environ["FAKE_LSF"])
SAMPLES = pathlib.Path(__file__).parents[1] / "samples" / "lsf.jsonl"
PRODUCT = os.environ.get("FAKE_LSF_PRODUCT", "ibm")
IBM = PRODUCT in {"ibm", "old"}
PLAIN = {
    "jobid", "stat", "user", "queue", "from_host", "exec_host", "job_name", "proj_name",
    "submit_time", "start_time", "finish_time", "pids", "mem", "swap",
}  # fmt: skip
WIDE = PLAIN | {
    "jobindex", "exit_code", "exit_reason", "kill_reason", "suspend_reason", "pend_reason",
    "max_mem", "memlimit", "runtimelimit", "nalloc_slot", "job_description", "command", "output_file",
    "sub_cwd",
}  # fmt: skip


def main():
    name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
    with open(ROOT / "commands", "a") as log:
        log.write(json.dumps([name, *words]) + "\n")
    while fault_of(name) == "wait":
        time.sleep(0.02)
    if fault_of(name).startswith("say:"):
        _, code, told = fault_of(name).split(":", 2)
        out, err, code = ("", told, int(code)) if int(code) else (told, "", 0)
        out, err = out and out + "\n", err and err + "\n"
    else:
        commands = {"bsub": bsub, "bjobs": bjobs, "bkill": bkill, "bpeek": bpeek, "bhist": bhist}
        out, err, code = commands[name](words)
    out, err, code = faulty(fault_of(name), out, err, code)
    sys.stdout.buffer.write(out)
    sys.stdout.flush()
    sys.stderr.buffer.write(err)
    sys.stderr.flush()
    os._exit(code)


def fault_of(name):
    try:
        return (ROOT / f"{name}.fault").read_text().strip()
    except FileNotFoundError:
        return os.environ.get(f"FAKE_LSF_{name.upper()}", "")


def faulty(told, out, err, code):
    out, err = out.encode(), err.encode()
    kind, _, rest = told.partition(":")
    if kind == "hang":
        os.fork()  # a child that holds the output open, as a site's wrapper may leave one
        while ROOT.exists():  # nobody hangs longer than the test
            time.sleep(0.1)
        os._exit(1)
    if kind == "slow":
        time.sleep(float(rest))
    if kind == "garbage":
        return bytes(range(256)) * 4, b"", 0
    if kind == "half":
        return out[: len(out) // 2], err, code
    if kind == "endless":
        while True:
            sys.stdout.buffer.write(b"x" * 65536)
    if kind == "exit":
        number, _, text = rest.partition(":")
        return b"", (text + "\n").encode(), int(number)
    if kind == "sample":
        sample = sample_of(rest)
        return sample["stdout"].encode(), sample["stderr"].encode(), sample["rc"]
    return out, err, code


def sample_of(name):
    samples = map(json.loads, SAMPLES.read_text("utf-8").splitlines())
    return next(sample for sample in samples if sample["name"] == name)


def jobs():
    found = [json.loads(path.read_text()) for path in ROOT.glob("[0-9]*.json")]
    return sorted(found, key=lambda job: int(job["JOBID"]))


def job(native_id):
    path = ROOT / f"{native_id}.json"
    return json.loads(path.read_text()) if path.exists() else None


def save(record):
    path = ROOT / f"{record['JOBID']}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(record))
    new.replace(path)


def options(words, flags):
    told, rest = {}, list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        told[word] = "" if word in flags else rest.pop(0)
    return told, rest


EVENT = "%a %b %d %H:%M:%S"
OWNER = "TERM_OWNER: job killed by owner"


def now():
    return f"@{int(time.time())}"


def printed(moment, form="%b %d %H:%M"):
    at = re.match(r"@(\d+)", moment)
    return time.strftime(form, time.localtime(int(at[1]))) + moment[at.end() :] if at else moment


def bsub(words):
    told, command = options(words, {"-K", "-x", "-r"})
    if not command:
        return "", "No command is specified. Job not submitted.\n", 255
    number = next_id()
    name = told.get("-J", " ".join(command))
    array = re.fullmatch(r"(.*)\[(\d+)-(\d+)\](?:%\d+)?", name)
    indexes = range(int(array[2]), int(array[3]) + 1) if array else ()
    save({
        "JOBID": number, "JOBINDEX": "0", "STAT": "PEND", "USER": os.environ.get("USER", "-"),
        "QUEUE": told.get("-q", "normal"), "FROM_HOST": "lsfhost", "EXEC_HOST": "-",
        "JOB_NAME": name, "PROJ_NAME": told.get("-P", "default"),
        "JOB_DESCRIPTION": told.get("-Jd", "-"), "COMMAND": " ".join(command),
        "OUTPUT_FILE": told.get("-o", "-"), "SUB_CWD": os.getcwd(), "EXIT_CODE": "-",
        "EXIT_REASON": "-", "KILL_REASON": "-", "SUSPEND_REASON": "-", "PEND_REASON": "-",
        "MAX_MEM": "-", "NALLOC_SLOT": "-", "SUBMIT_TIME": now(), "START_TIME": "-",
        "FINISH_TIME": "-",
        "MEMLIMIT": told.get("-M", "-"), "RUNTIMELIMIT": told.get("-W", "-"),
        "SUBMITTED": now(), "STARTED": "", "ENDED": "",
        # of an array: index -> what differs from the record of all
        "ELEMENTS": {one: {"JOB_NAME": f"{array[1]}[{one}]"} for one in indexes},
        "ENVIRONMENT": dict(os.environ),
    })  # fmt: skip
    where = f"queue <{told['-q']}>" if "-q" in told else "default queue <normal>"
    quiet = os.environ.get("BSUB_QUIET")
    return "" if quiet else f"Job <{number}> is submitted to {where}.\n", "", 0


def next_id():
    """Claim a number: two submissions may come at once."""
    number = 1 + max((int(one["JOBID"]) for one in jobs()), default=100)
    while True:
        try:
            os.close(os.open(ROOT / f"claimed-{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            number += 1
        else:
            return str(number)


def bjobs(words):
    told, ids = options(words, {"-a", "-json", "-w", "-V", "-noheader"})
    if "-V" in told:
        return "", "IBM Spectrum LSF Standard 10.1.0.0, pretended\n", 0
    if "-json" in words and PRODUCT == "old":
        return "", "bjobs: illegal option -- json\nUsage: bjobs [-h] [-V] [-w |-l] ...\n", 255
    if not IBM and ("-Jd" in told or "-noheader" in told):
        return "", sample_of("bjobs_json_noo")["stderr"], 255
    if "-l" in told:
        return long(told["-l"])
    fields, _, delimiter = told.get("-o", "").partition(" delimiter=")
    fields = fields.split()
    for field in fields:
        if field not in (WIDE if IBM else PLAIN):
            return "", f"<{field.upper()}> in the format string is not a valid field name.\n", 99
    if ids:
        records = [one for native_id in ids for one in records_of(native_id, fields)]
    else:
        records = [
            record
            for one in jobs()
            for record in records_of(one["JOBID"], fields)
            if fnmatch.fnmatchcase(one["JOB_DESCRIPTION"], told.get("-Jd", "*"))
            and (one["PROJ_NAME"] == told.get("-P", one["PROJ_NAME"]))
            and ("-a" in told or one["STAT"] in {"PEND", "RUN"})
        ]
    if not records:
        return "", "No job found\n" if "-a" in told else "No unfinished job found\n", 254
    whole = {"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records}
    code = 255 if all("ERROR" in one for one in records) else 0
    if delimiter:
        known = [one for one in records if "ERROR" not in one]
        lines = [
            delimiter.strip("'").join(one[field.upper()] for field in fields) for one in known
        ]
        errors = [one["ERROR"] for one in records if "ERROR" in one]
        code = 255 if errors else 0
        return "".join(f"{one}\n" for one in lines), "".join(f"{one}\n" for one in errors), code
    return json.dumps(whole, indent="\t") + "\n", "", code


def records_of(native_id, fields):
    whole, _, index = native_id.rstrip("]").partition("[")
    found = job(whole)
    elements = (found or {}).get("ELEMENTS") or {}
    if found is None or (index and index not in elements):
        return [{"JOBID": native_id, "ERROR": f"Job <{native_id}> is not found"}]
    chosen = {index: elements[index]} if index else elements or {"0": {}}
    return [
        {
            field.upper(): printed((found | own | {"JOBINDEX": one})[field.upper()])
            if field.endswith("_time")
            else (found | own | {"JOBINDEX": one})[field.upper()]
            for field in fields
        }
        for one, own in chosen.items()
    ]


def long(native_id):
    found = job(native_id)
    if found is None:
        return "", f"Job <{native_id}> is not found\n", 255
    output = found["OUTPUT_FILE"]
    submitted = f"Sun Nov 22 18:47:57: Submitted from host <lsfhost>, CWD <{found['SUB_CWD']}>"
    submitted += "" if output == "-" else f", Output File <{output}>"
    header = (
        f"Job <{native_id}>, Job Name <{found['JOB_NAME']}>, User <{found['USER']}>, Status "
        f"<{found['STAT']}>, Queue <{found['QUEUE']}>, Command <{found['COMMAND']}>"
    )
    return f"\n{fold(header)}\n{fold(submitted + ';')}\n", "", 0


def fold(line):
    """Fold at 80 columns, as IBM's bjobs -l does."""
    rest = re.findall(".{1,59}", line[80:])
    return "\n".join([line[:80], *(" " * 21 + piece for piece in rest)])


def bhist(words):
    """The history knows all jobs that there ever were, those too that bjobs has forgotten."""
    _, ids = options(words, {"-l"})
    blocks = []
    for native_id in ids:
        path = ROOT / "history" / f"{native_id}.json"
        found = json.loads(path.read_text()) if path.exists() else job(native_id)
        if found is not None:
            elements = found["ELEMENTS"].items()
            each = [found | own | {"JOBID": f"{native_id}[{one}]"} for one, own in elements]
            blocks += map(history_of, each or [found])
    if not blocks:
        return "", "No matching job found\n", 255
    return "\n".join(blocks), "", 0


def history_of(found):
    moments = ("SUBMITTED", "STARTED", "ENDED")
    found = found | {one: printed(found[one], EVENT) for one in moments}
    lines = [f"Job <{found['JOBID']}>, User <{found['USER']}>, Command <{found['COMMAND']}>"]
    queue = found["QUEUE"]
    lines.append(f"{found['SUBMITTED']}: Submitted from host <lsfhost>, to Queue <{queue}>;")
    if found["STARTED"]:
        lines.append(f"{found['STARTED']}: Dispatched to <{found['EXEC_HOST']}>;")
        lines.append(f"{found['STARTED']}: Starting (Pid 7);")
    if found["STAT"] == "DONE":
        lines.append(f"{found['ENDED']}: Done successfully. The CPU time used is 0.0 seconds;")
    if found["STAT"] == "EXIT":
        code = found["EXIT_CODE"].replace("-", "1")
        lines.append(f"{found['ENDED']}: Exited with exit code {code}. The CPU time used is 0.0;")
        if found["EXIT_REASON"] != "-":
            lines.append(f"{found['ENDED']}: Completed <exit>; {found['EXIT_REASON']};")
    return "\n" + "\n".join(map(fold, lines)) + "\n"


def bkill(words):
    out, err = "", ""
    words = words[2:] if words[:1] == ["-s"] else words
    for native_id in words:
        whole, _, index = native_id.rstrip("]").partition("[")
        found = job(whole)
        if found is None or (index and index not in found["ELEMENTS"]):
            err += f"Job <{native_id}>: No matching job found\n"
        elif index:
            out += f"Job <{native_id}> is being terminated\n"
            ended = {"STAT": "EXIT", "EXIT_REASON": OWNER, "ENDED": now()}
            found["ELEMENTS"][index] |= ended
            save(found)
        elif found["STAT"] in {"DONE", "EXIT"}:
            err += f"Job <{native_id}>: Job has already finished\n"
        elif found["USER"] == "somebody_else":
            err += f"Job <{native_id}>: User permission denied\n"
        else:
            out += f"Job <{native_id}> is being terminated\n"
            if found["STAT"] == "RUN":
                found["EXIT_CODE"] = "130"
            save(found | {
                "STAT": "EXIT", "FINISH_TIME": now() + " L",
                "EXIT_REASON": OWNER, "ENDED": now(),
            })  # fmt: skip
    return out, err, 255 if err else 0


def bpeek(words):
    found = job(words[-1])
    if found is None or found["STAT"] in {"DONE", "EXIT"}:
        return "", f"Job <{words[-1]}> is not found\n", 255
    if found["STAT"] == "PEND":
        return "", f"Job <{words[-1]}> : Not yet started.\n", 255
    return "<< output from stdout >>\n" + found.get("SO_FAR", ""), "", 0
