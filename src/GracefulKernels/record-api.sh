#!/usr/bin/env bash
# Records the public API anew in PublicAPI.Unshipped.txt: what is there and not yet shipped. The build fails where code and record differ.
set -euo pipefail
cd "$(dirname "$0")"
printf '#nullable enable\n' >PublicAPI.Unshipped.txt
dotnet format analyzers GracefulKernels.csproj --diagnostics RS0016 --severity info --include-generated
if [ "$(cat PublicAPI.*.txt | wc -l)" -le 2 ]; then
    echo "record-api.sh: nothing was recorded; does the project build?" >&2
    exit 1
fi
