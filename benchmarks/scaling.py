"""Episodes a second in meta-training, on one device and on several, as a table.

    python benchmarks/scaling.py

Each line is a run in a process of its own: virtual devices of the CPU share its cores, so with as
many as there are cores this measures what sharing costs. With --gpus the devices are those of
the machine.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
from datetime import date

RUN = """
import contextlib
import time

devices, strategy = {devices}, {strategy!r}
scope = contextlib.nullcontext()
if strategy == "DataParallel" and devices > 1:
    import keras

    keras.distribution.set_distribution(keras.distribution.DataParallel())
if strategy in ("MirroredStrategy", "MultiWorkerMirroredStrategy"):
    import tensorflow as tf

    if not {gpus} and strategy == "MirroredStrategy":
        (cpu,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * devices
        tf.config.set_logical_device_configuration(cpu, parts)
    if devices > 1:
        kind = "GPU" if {gpus} else "CPU"
        options = [[f"{{kind}}:{{i}}" for i in range(devices)]] * (strategy == "MirroredStrategy")
        scope = getattr(tf.distribute, strategy)(*options).scope()

from skmeta import MetaTrainer
from skmeta.tasks import QuadraticTasks


def seconds(n_steps):
    start = time.perf_counter()
    MetaTrainer("lstm", n_steps=n_steps, batch_size={batch_size}).fit(QuadraticTasks(n_steps=35))
    return time.perf_counter() - start


with scope:
    few, many = 10, 10 + {n_steps}
    print((seconds(many) - seconds(few)) / (many - few))
"""


def seconds_a_step(backend, strategy, devices, arguments):
    """Seconds a step of one configuration; of several workers, those of the first."""
    workers = devices if strategy == "MultiWorkerMirroredStrategy" else 1
    sockets = [socket.socket() for _ in range(workers)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    code = RUN.format(
        devices=devices,
        strategy=strategy,
        gpus=arguments.gpus,
        batch_size=arguments.batch_size,
        n_steps=arguments.steps,
    )
    processes = []
    for index in range(workers):
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if backend == "jax" and not arguments.gpus:
            environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
        if workers > 1:
            task = {"type": "worker", "index": index}
            environment["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": task})
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{backend}, {strategy}, {devices} devices failed.")
    return float(outputs[0].split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", nargs="+", type=int, default=[1, 2])
    parser.add_argument(
        "--batch-size", type=int, default=256, help="episodes a step, of all devices"
    )
    parser.add_argument("--steps", type=int, default=100, help="steps timed")
    parser.add_argument("--gpus", action="store_true", help="devices are GPUs")
    arguments = parser.parse_args()
    lines = [
        f"`{' '.join(['python benchmarks/scaling.py', *sys.argv[1:]])}`, {date.today()}, "
        f"{platform.machine()}, {os.cpu_count()} cores: {arguments.batch_size} quadratic functions "
        "of 35 rows a step, an LSTM of 200 units, seed 0.",
        "",
        "| backend, strategy | devices | episodes a second | of one device |",
        "|---|---|---|---|",
    ]
    for backend, strategy in (
        ("jax", "DataParallel"),
        ("tensorflow", "MirroredStrategy"),
        ("tensorflow", "MultiWorkerMirroredStrategy"),
    ):
        rates = []
        for devices in arguments.devices:
            seconds = seconds_a_step(backend, strategy, devices, arguments)
            rates.append(arguments.batch_size / seconds)
            gain = rates[-1] / rates[0]
            lines.append(f"| {backend}, {strategy} | {devices} | {rates[-1]:.0f} | {gain:.2f} |")
            print(lines[-1], flush=True)
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
