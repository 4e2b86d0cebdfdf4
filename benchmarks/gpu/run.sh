#!/usr/bin/env bash
# Correctness first, then ceilings and kernels, then the peers on the same device: one JSON.
#   run.sh [--device cuda|cuda:N|opencl:N] [--out gpu.json] [--filter GLOB] [--quick] [--skip-tests]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
device=cuda out=gpu.json filter=() quick=() tests=yes
while [ $# -gt 0 ]; do
    case "$1" in
        --device) device=$2; shift 2 ;;
        --out) out=$2; shift 2 ;;
        --filter) filter=(--filter "$2"); shift 2 ;;
        --quick) quick=(--quick); shift ;;
        --skip-tests) tests=no; shift ;;
        *) echo "run.sh: unknown option '$1'; expected --device, --out, --filter, --quick or --skip-tests." >&2; exit 2 ;;
    esac
done
suite="not run"
if [ $tests = yes ]; then
    # The same suite that runs on PoCL, on this device.
    GRACEFUL_TEST_DEVICE=$device GRACEFUL_REQUIRE_OPENCL=1 "$here/tests/GracefulKernels.Tests" -class "*OnGpu" -class "*Emulated" -class "*.DeviceFaultTests" -class "*.DeviceMarginTests" -class "*.DeviceAllocationTests" -class "*GpuTests" -class "*.GpuProductTests" -class "*.RowLossDeviceTests" -class "*.TensorProductTests" -class "*.DemoOnDeviceTests" > "$out.tests.log" 2>&1
    status=$?
    suite=$(sed 's/\x1b\[[0-9;]*m//g' "$out.tests.log" | sed -n 's/^ *GracefulKernels.Tests *Total/Total/p' | tail -1)
    echo "tests on $device: ${suite:-did not end} (log: $out.tests.log)"
    [ $status -eq 0 ] || echo "run.sh: the suite failed on $device; what is measured below may be wrong." >&2
fi
"$here/graceful/graceful" bench --device "$device" "${filter[@]}" "${quick[@]}" --json "$out.rows" || exit 1
driver=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1)
python=$(command -v python3 || true)
if [ -z "$python" ]; then
    echo "run.sh: no python3 here; the rows stay without the peers: $out.rows" >&2
    mv "$out.rows" "$out"
    exit 0
fi
"$python" "$here/peers.py" --rows "$out.rows" --out "$out" --device "$device" --driver "$driver" --commit "$(cat "$here/commit")" --suite "$suite"
