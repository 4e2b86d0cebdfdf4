#!/usr/bin/env bash
# Publishes what measures a GPU as one archive that runs on a Linux machine with a driver and without .NET:
#   benchmarks/gpu.sh [archive.tar.xz]
# There: tar xf archive.tar.xz && gpu/run.sh [--device cuda] [--out gpu.json] [--skip-tests] [--filter GLOB]
set -euo pipefail
cd "$(dirname "$0")/.."
archive=$(realpath -m "${1:-gpu.tar.xz}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
publish=(-c Release -r linux-x64 --self-contained -p:PublishTrimmed=true -p:TrimMode=partial -p:GpuBundle=true
    -p:DebugType=none -p:SatelliteResourceLanguages=en -v quiet)
# Elsewhere than the ordinary build, whose intermediate files are for another target.
dotnet publish src/GracefulKernels.Cli "${publish[@]}" --artifacts-path "$folder/build-cli" -o "$folder/gpu/graceful"
dotnet publish tests/GracefulKernels.Tests "${publish[@]}" --artifacts-path "$folder/build-tests" -o "$folder/gpu/tests"
cp benchmarks/gpu/run.sh benchmarks/gpu/peers.py "$folder/gpu/"
git rev-parse HEAD > "$folder/gpu/commit" 2>/dev/null || echo unknown > "$folder/gpu/commit"
tar -C "$folder" -c gpu | xz -T0 -6 > "$archive.part"
mv "$archive.part" "$archive"
echo "$archive: $(du -h "$archive" | cut -f1)"
