"""How much memory something needs at its peak."""

import ctypes
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict

# No lines about the profiler's start and stop.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from torch.profiler import ProfilerActivity, profile

MEGABYTE = 2**20
_STATUS = Path("/proc/self/status")


def peak_tensor_bytes(run: Callable[[], Any], device: torch.device) -> int:
    """
    The most memory that tensors held at once beyond what they held before, temporary ones inside
    operations included: from the counts of the CUDA allocator, or, on the CPU, from every single
    allocation as the profiler saw it.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        # Kept, so that what is returned counts until the end.
        result = run()
    del result
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(file))
        events = json.loads(file.read_text(encoding="utf-8"))["traceEvents"]
    counts = [event["args"] for event in events if event["name"] == "[memory]"]
    if not counts:
        return 0
    # Blocks of earlier profiles that are still held count as well.
    before = counts[0]["Total Allocated"] - counts[0]["Bytes"]
    return max(count["Total Allocated"] for count in counts) - before


def resident_bytes() -> int:
    """The memory that the process holds now, on Linux: garbage and what is free are given back."""
    _give_back()
    return _status("VmRSS")


def _give_back() -> None:
    gc.collect()
    # What was freed goes back to the system, where the C library can do that.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def forget_peak() -> None:
    """Makes `peak_resident_bytes` count from here, where the system can do that."""
    _give_back()
    peak = Path("/proc/self/clear_refs")
    if peak.exists():
        peak.write_text("5")  # Linux then resets VmHWM


def peak_resident_bytes() -> int:
    """The most memory that the process has held; on Linux since `forget_peak`."""
    if _STATUS.exists():
        return _status("VmHWM")
    # macOS counts bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


def in_new_process(*options: str) -> Dict[str, Any]:
    """
    Runs this script again, with its own options and those given, and returns the JSON object on the
    last line it prints. What a process has held before is no part of its figures.
    """
    command = [sys.executable, *sys.argv, *options]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(ended.stdout.splitlines()[-1])
