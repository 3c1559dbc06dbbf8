"""
The server under load, against the model itself.

    python benchmarks/serving.py MODEL --texts FILE --json FILE

`allennlp ner-serve MODEL` is started, and `--clients` clients send `--requests` requests over
loopback, a text each, as fast as they are answered. Every answer is compared with what `ner.pipe`
finds in that text, before and after in turns with the load; none may be lost or another. In bf16
the last digits of a score depend on the texts that are predicted together: an answer that differs
in nothing but entities whose score is within `ROUNDING` of the one that they need is counted apart.

Reported are the texts a second of both, and their ratio (medians over the rounds), and how long a
request takes. The clients run in this process, the server in one of its own; PyTorch has the same
number of threads in both, so that the clients have a core of their own where there is one more.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Dict, List, Tuple

import torch
from common import Report, report_parser

import locate_label_allennlp
from locate_label_allennlp.serving.client import NerClient

Place = Tuple[int, int, str]
GOAL = 0.8
ROUNDING = 0.02


def main() -> None:
    parser = report_parser(__doc__, rounds=3)
    parser.add_argument("model", help="an archive or a trained folder")
    parser.add_argument("--texts", required=True, help="a file with a text in each line")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1, help="of the server")
    parser.add_argument("--precision", default="auto", help="of both")
    parser.add_argument("--threads", type=int, default=1, help="of pipe, and of each worker")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    lines = [line for line in Path(options.texts).read_text("utf-8").splitlines() if line.strip()]
    texts = [lines[number % len(lines)] for number in range(options.requests)]
    ner = locate_label_allennlp.load(options.model, "cpu", precision=options.precision)
    expected = [places([entity.to_dict() for entity in found]) for found in ner.pipe(texts)]
    server, address = started(options)
    try:
        rates: Dict[str, List[float]] = {"pipe": [], "server": []}
        seconds: List[float] = []
        wrong = rounded = lost = 0
        for _ in range(options.rounds):
            begin = time.perf_counter()
            for _ in ner.pipe(texts):
                pass
            rates["pipe"].append(len(texts) / (time.perf_counter() - begin))
            begin = time.perf_counter()
            answers = asyncio.run(ask_all(address, texts, options.clients))
            rates["server"].append(len(texts) / (time.perf_counter() - begin))
            for text, (found, took), right in zip(texts, answers, expected, strict=True):
                seconds.append(took)
                if found is None:
                    lost += 1
                elif found != right:
                    is_rounded = differs_by_rounding(ner, text, found, right)
                    rounded, wrong = rounded + is_rounded, wrong + (not is_rounded)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()

    report = Report("serving", options, torch.device("cpu"))
    report.add("requests lost", lost, "", at_most=0)
    report.add("answered wrongly", wrong, "", at_most=0)
    report.add("answered otherwise by rounding", rounded, "")
    report.add("ner.pipe", median(rates["pipe"]), "texts/s")
    report.add("server", median(rates["server"]), "texts/s")
    pairs = zip(rates["pipe"], rates["server"], strict=True)
    report.add("seconds against ner.pipe", median(a / b for a, b in pairs), "x", at_most=1 / GOAL)
    cuts = quantiles(seconds, n=100)
    for percent in (50, 95, 99):
        report.add(f"p{percent} of a request", 1000 * cuts[percent - 1], "ms")
    report.finish()
    if lost or wrong:
        sys.exit(1)


def places(entities: List[Dict[str, Any]]) -> List[Place]:
    return [(each["start_char"], each["end_char"], each["type"]) for each in entities]


def differs_by_rounding(ner: Any, text: str, found: List[Place], right: List[Place]) -> bool:
    """Whether what only one of them has is as near to its threshold as rounding may bring it."""
    distances = {
        (each.start_char, each.end_char, each.type): abs(each.score - each.needed)
        for each in ner.candidates(text, min_score=0.0)
    }
    return all(distances.get(place, 1.0) <= ROUNDING for place in {*found} ^ {*right})


def started(options: Any) -> Tuple["subprocess.Popen[str]", str]:
    """The server once it is ready, and its address."""
    overrides = json.dumps({"model.precision": options.precision})
    command = ["ner-serve", options.model, "--port", "0", "-o", overrides]
    command += ["--workers", str(options.workers)]
    allennlp = str(Path(sys.executable).with_name("allennlp"))
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    server = subprocess.Popen(
        [allennlp, *command], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert server.stdout is not None
    address = re.match(r"http://[\d.:]+\d", server.stdout.readline())
    if address is None:
        sys.exit("the server does not start")
    client = NerClient(address[0])
    while not client.is_ready():
        if server.poll() is not None:
            sys.exit("the server does not start")
        time.sleep(0.1)
    return server, address[0]


async def ask_all(address: str, texts: List[str], clients: int) -> List[Tuple[Any, float]]:
    """Of each text what was found, None if it was lost, and the seconds that it took."""
    answers: List[Tuple[Any, float]] = [(None, 0.0)] * len(texts)
    remaining = iter(enumerate(texts))
    host, _, port = address.removeprefix("http://").rpartition(":")

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for number, text in remaining:
            begin = time.perf_counter()
            found = None
            try:
                status, content = await ask(reader, writer, text)
                if status == 200:
                    found = places(content["entities"])
            except (OSError, EOFError):
                reader, writer = await asyncio.open_connection(host, int(port))
            answers[number] = found, time.perf_counter() - begin
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers


async def ask(reader: Any, writer: Any, text: str) -> Tuple[int, Any]:
    """A request over a connection that stays open, and its answer's status and content."""
    body = json.dumps({"text": text}).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = re.search(r"content-length: (\d+)", answer)
    assert length is not None, answer
    content = json.loads(await reader.readexactly(int(length[1])))
    return int(answer.split()[1]), content


if __name__ == "__main__":
    main()
