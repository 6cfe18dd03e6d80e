"""What each command understands, as it says itself when it is asked (-h) or misunderstood."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE: Mapping[str, str] = {
    "bsub": (
        'bsub [-q queue] [-J "name" | -J "name[1-10:2,20]%limit"] [-Jd description] '
        "[-P project] [-n slots] [-W [hours:]minutes] [-M memory_limit] [-H] "
        "[-I | -Ip | -Is | -K] [-i file] [-o file | -oo file] [-e file | -eo file] "
        "[-cwd folder] command [argument ...] | < script"
    ),
    "bjobs": (
        'bjobs [-a | -d | -p | -r | -s] [-w | -l | -A | -o "field ..." [-json]] [-noheader] '
        "[-u user] [-q queue] [-J name] [-Jd description] [-P project] "
        '[job_id | "job_id[index_list]" ...]'
    ),
    "bkill": 'bkill [-r | -s KILL|TERM|STOP|CONT] 0 | job_id | "job_id[index_list]" ...',
    "bstop": 'bstop 0 | job_id | "job_id[index_list]" ...',
    "bresume": 'bresume 0 | job_id | "job_id[index_list]" ...',
    "bpeek": 'bpeek job_id | "job_id[index]"',
    "bhist": 'bhist [-a | -d | -p | -r | -s] [-l] [-n number] [job_id | "job_id[index_list]" ...]',
    "bqueues": "bqueues [-w] [queue ...]",
}
