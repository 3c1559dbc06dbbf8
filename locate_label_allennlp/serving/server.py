"""The server as one process or several."""

import gc
import json
import os
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.extras import import_extra
from locate_label_allennlp.serving.settings import Settings

_VARIABLE = "LOCATE_LABEL_SERVE"
"""Tells a worker what to serve, as JSON."""

_SHUTDOWN = 5
"""Seconds that a shutdown may take beyond the timeout of a request."""


def serve(
    model: Dict[str, Any], settings: Settings, host: str, port: int, workers: int = 1
) -> None:
    """
    Serves until SIGTERM or Ctrl-C; what has begun is answered then.

    # Parameters

    model : `Dict[str, Any]`
        The arguments of `load_served_model`.
    settings : `Settings`
    host : `str`
    port : `int`
        0: any that is free.
    workers : `int`, optional (default = `1`)
        Processes, each with the model and a queue of its own.

    # Errors

    `ConfigurationError` if there is something wrong with the model or the address.
    """
    for module in ("fastapi_offline", "prometheus_client", "uvicorn"):
        import_extra(module, "serve")
    import uvicorn

    if workers < 1:
        raise ConfigurationError(f"--workers is {workers}; allowed is >= 1")
    options: Dict[str, Any] = {
        "http": "auto",
        "ws": "none",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": int(settings.timeout) + _SHUTDOWN,
    }
    with ExitStack() as stack:
        listener = stack.enter_context(bound_socket(host, port))
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}"
        # uvicorn raises the signal that ended it once more.
        for number in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: None))
        if workers == 1:
            from locate_label_allennlp.serving.application import create_application

            application = _settled(create_application(load_served_model(**model), settings))
            server = uvicorn.Server(uvicorn.Config(application, **options))
            print(f"{address} (Ctrl-C ends it)", flush=True)
            server.run(sockets=[listener])
            return
        from uvicorn.config import STARTUP_FAILURE
        from uvicorn.supervisors import Multiprocess

        content = json.dumps({"model": model, "settings": asdict(settings), "workers": workers})
        os.environ[_VARIABLE] = content
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = stack.enter_context(tempfile.TemporaryDirectory())
        config = uvicorn.Config(f"{__name__}:application", factory=True, workers=workers, **options)
        print(f"{address}: {workers} workers load the model (Ctrl-C ends it)", flush=True)
        # A worker does not answer the supervisor while it loads the model.
        config.timeout_worker_healthcheck = 300
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise ConfigurationError("a worker has failed; it says above why")


def application() -> Any:
    """That of a worker."""
    import torch
    from uvicorn.config import STARTUP_FAILURE

    from locate_label_allennlp.serving.application import create_application

    told = json.loads(os.environ[_VARIABLE])
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // told["workers"]))
    try:
        model = load_served_model(**told["model"])
        return _settled(create_application(model, Settings(**told["settings"])))
    except Exception as error:
        # The supervisor starts no other one for this.
        print(f"allennlp: error: {error}", file=sys.stderr, flush=True)
        sys.exit(STARTUP_FAILURE)


def load_served_model(path: str, cuda_device: int = -1, overrides: Any = None) -> Any:
    """A `ServedModel`; the arguments are those of `locate_label_allennlp.load`."""
    from locate_label_allennlp import load

    # This imports what an archive names, so it comes before what needs that.
    finder = load(path, cuda_device, overrides=overrides)
    from locate_label_allennlp.model_folder.layout import CARD
    from locate_label_allennlp.predictors.loading import local_path
    from locate_label_allennlp.serving.served_model import ServedModel

    card = Path(local_path(path)) / CARD
    text = card.read_text("utf-8") if card.is_file() else None
    return ServedModel(finder, "/".join(Path(path).parts[-2:]), text)


def _settled(application: Any) -> Any:
    """All that is there now stays: going through it again and again takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    return application


def bound_socket(host: str, port: int) -> socket.socket:
    """
    # Errors

    `ConfigurationError` if that address cannot be had.
    """
    if not 0 <= port <= 65_535:
        raise ConfigurationError(f"{host}:{port}: allowed are ports from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{host}:{port}: {error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ConfigurationError(f"{host}:{port}: {error}") from error
    return bound
