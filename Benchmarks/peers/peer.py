"""One inference library as a process that runs a clip on request.

    peer.py LIBRARY MODEL.onnx CLIP.raw THREADS

Prints "ready PRECISION…", then for every line it reads: a precision runs the clip once and prints its seconds;
"logits" and a precision prints the logits. `adl bench --serve` uses the same protocol.
"""

import os
import sys
import time

import numpy as np


def openvino(path, threads, clip):
    """A compiled model for each precision; int8 by NNCF, calibrated on the clip."""
    import nncf
    import openvino as ov

    core = ov.Core()

    def runner(precision, model=path):
        compiled = core.compile_model(model, "CPU", {
            "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads})
        request = compiled.create_infer_request()

        def run(clip):
            request.infer([clip], share_inputs=True)
            return request.get_output_tensor(0).data

        return run

    precisions = ["f32"]
    if cpu_has_bfloat16() and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        precisions.append("bf16")
    runners = {precision: runner(precision) for precision in precisions}
    nncf.set_log_level(40)
    quantized = nncf.quantize(core.read_model(path), nncf.Dataset([clip]), subset_size=1)
    runners["int8"] = runner(precisions[-1], quantized)
    return runners


def onnxruntime(path, threads, clip):
    """float32 only: ONNX Runtime's CPU kernels have no bfloat16 convolutions."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads would slow the others
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return {"f32": lambda clip: session.run(None, {name: clip})[0]}


def cpu_has_bfloat16():
    """Whether the CPU has bfloat16 instructions (x86 or Arm, by /proc/cpuinfo) and they may be used."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL") not in ("ALL", "AVX512_CORE_BF16", "AVX512_CORE_AMX"):
        return False
    for line in open("/proc/cpuinfo"):
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
    return False


def torch(path, threads, clip):
    """The ONNX graph node by node through PyTorch's functions, in channels-last layout."""
    import torch

    from torch_graph import TorchGraph

    torch.set_num_threads(threads)
    kinds = {"f32": torch.float32}
    # Without such instructions PyTorch takes minutes for a clip in bfloat16.
    if cpu_has_bfloat16():
        kinds["bf16"] = torch.bfloat16
    runners = {}
    for name, kind in kinds.items():
        graph = TorchGraph(path, kind)

        def run(clip, graph=graph, kind=kind):
            with torch.inference_mode():
                value = torch.from_numpy(clip).to(kind).contiguous(memory_format=torch.channels_last_3d)
                return graph(value).float().numpy()

        runners[name] = run
    return runners


def continual(path, threads, clip):
    """The convolutions as continual-inference streams them: what 8 more frames cost."""
    import torch

    from continual_graph import ContinualGraph

    torch.set_num_threads(threads)
    graph = ContinualGraph(path)

    def run(clip):
        with torch.inference_mode():
            return graph(torch.from_numpy(clip)).numpy()

    with torch.inference_mode():
        # Twice, until no layer waits for frames any more.
        graph.take(torch.from_numpy(np.concatenate([clip, clip], 2)))
    return {"f32/continual": run}


def main():
    library, path, clip_path, threads = sys.argv[1:]
    import onnx

    shape = onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape
    _, channels, frames, height, width = (axis.dim_value for axis in shape.dim)
    pixels = np.fromfile(clip_path, np.uint8).reshape(frames, height, width, channels)
    clip = np.ascontiguousarray((pixels.astype(np.float32) / 127.5 - 1).transpose(3, 0, 1, 2)[None])
    runners = {"openvino": openvino, "onnxruntime": onnxruntime, "torch": torch, "continual": continual}[library](path, int(threads), clip)
    for run in runners.values():
        run(clip)
    print("ready", *runners, flush=True)
    for line in sys.stdin:
        *words, precision = line.split()
        start = time.perf_counter()
        logits = runners[precision](clip)
        seconds = time.perf_counter() - start
        print(*(logits.ravel() if words == ["logits"] else [seconds]), flush=True)


if __name__ == "__main__":
    main()
