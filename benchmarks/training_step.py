"""A training step of the U-Net as the trainer runs it, against the same network in plain float32.

    python benchmarks/training_step.py

Both are timed in turns in one run, so that a busy machine slows both: the ratio is what counts.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from napari_dacapo.architectures.unet import UNet


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    unet = UNet(
        num_fmaps=options.num_fmaps,
        fmap_inc_factor=options.fmap_inc_factor,
        input_shape=(options.size,) * 3,
        eval_shape_increase=(0, 0, 0),
    )
    steps = {
        "float32": _step(unet, torch.contiguous_format, autocast=False),
        "float32, channels last": _step(unet, torch.channels_last_3d, autocast=False),
        "bfloat16 autocast, channels last": _step(unet, torch.channels_last_3d, autocast=True),
    }
    _print_rows(unet, options, _interleaved(steps, options.repeats))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=92, help="side of the training patch in voxels")
    parser.add_argument("--num-fmaps", type=int, default=12)
    parser.add_argument("--fmap-inc-factor", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3, help="timed steps of each kind")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _step(unet: UNet, layout: torch.memory_format, autocast: bool) -> Callable[[], None]:
    torch.manual_seed(0)
    network = unet.build(1).to(memory_format=layout)  # type: ignore[call-overload, unused-ignore]
    optimizer = torch.optim.RAdam(network.parameters(), lr=1e-4)
    image = torch.rand(1, 1, *unet.input_patch).to(memory_format=layout)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            output = network(image)
        output.float().square().mean().backward()
        optimizer.step()

    return step


def _interleaved(steps: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Median seconds of each, after one step of each that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def _print_rows(unet: UNet, options: argparse.Namespace, seconds: dict[str, float]) -> None:
    output = unet.output_shape(unet.input_patch)
    maps = f"{options.num_fmaps} maps x {options.fmap_inc_factor}"
    plain = seconds["float32"]
    print(f"U-Net, {maps}, {unet.input_patch} -> {output}, {options.threads} thread(s)\n")
    print("| training step | seconds | against float32 |\n|---|---|---|")
    for name, taken in seconds.items():
        print(f"| {name} | {taken:.2f} | {plain / taken:.2f}x |")


if __name__ == "__main__":
    main()
