#!/usr/bin/env bash
# Builds the C library: build.sh OUT_DIR [v4] [v3]
#   OUT_DIR/lib/libgracefulkernels.so       what programs link with
#   OUT_DIR/lib/libgracefulkernels-v4.so    kernels for processors with AVX-512 (x86-64-v4)
#   OUT_DIR/lib/libgracefulkernels-v3.so    kernels for processors with AVX2 (x86-64-v3)
#   OUT_DIR/include/graceful_kernels.h, OUT_DIR/python/graceful_kernels.py
# It needs the .NET SDK and gcc or clang (CC names another). A level whose sources, tools and SDK have not changed is not compiled again.
set -euo pipefail
fail() { echo "build.sh: $*" >&2; exit 1; }
[ $# -ge 1 ] || fail "usage: build.sh OUT_DIR [v4] [v3]"
out=$(realpath -m "$1")
shift
levels=("$@")
[ ${#levels[@]} -gt 0 ] || levels=(v4 v3)
for level in "${levels[@]}"; do
    [[ $level == v3 || $level == v4 ]] || fail "the level '$level' is neither v4 nor v3"
done
[ "$(uname -sm)" = "Linux x86_64" ] || fail "the library is built on Linux on x86-64; this is $(uname -sm)"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
command -v dotnet >/dev/null || fail "dotnet is missing: install the .NET SDK of global.json"
cc=${CC:-}
for candidate in gcc clang; do
    [ -n "$cc" ] || ! command -v $candidate >/dev/null || cc=$candidate
done
[ -n "$cc" ] || fail "a C compiler is missing: install gcc or clang"
command -v "$cc" >/dev/null || fail "the C compiler '$cc' is missing"
# What a build that calls this script keeps for its own children is not for ours.
unset $(compgen -e | grep -i '^msbuild' || true)
# No server stays behind that would keep the streams of whoever called this open.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1

# All that a level is made of, as one number.
cd "$root"
sources() {
    find kernels src/GracefulKernels src/GracefulKernels.Native -type d \( -name bin -o -name obj -o -name python \) -prune -o -type f \
        \( -name '*.cs' -o -name '*.csproj' -o -name '*.proto' -o -name 'packages.lock.json' -o -name '*.c' -o -name '*.h' -o -name '*.inc' -o -name 'build.sh' \) -print
    ls Directory.Build.props Directory.Build.targets Directory.Packages.props global.json
}
stamp=$({ sources | LC_ALL=C sort | xargs sha256sum; dotnet --version; "$cc" --version; } | sha256sum | cut -d' ' -f1)
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
[ -n "$version" ] || fail "Directory.Build.props names no Version"

mkdir -p "$out/lib" "$out/include"
needed=()
for level in "${levels[@]}"; do
    [ -s "$out/lib/libgracefulkernels-$level.so" ] && [ "$(cat "$out/lib/.stamp-$level" 2>/dev/null)" = "$stamp" ] || needed+=("$level")
done

build=
trap '[ -z "$build" ] || rm -rf "$build"' EXIT
if [ ${#needed[@]} -gt 0 ]; then
    # Elsewhere than the ordinary build, whose intermediate files and lock files are for another target.
    build=$(mktemp -d)
    project=src/GracefulKernels.Native/GracefulKernels.Native.csproj
    common=(-c Release -r linux-x64 --artifacts-path "$build/artifacts" -p:GracefulNative=true -p:CppCompilerAndLinker="$cc"
        -p:UseSharedCompilation=false -v quiet -nologo)
    dotnet build "$project" "${common[@]}" >"$build/log" || { cat "$build/log"; fail "the library does not compile"; }
    publish() {
        dotnet publish "$project" "${common[@]}" --no-build -p:IlcInstructionSet="x86-64-$1" \
            -p:NativeIntermediateOutputPath="$build/$1/" -p:NativeOutputPath="$build/$1/out/" -o "$build/$1/publish"
        # Whole or not at all: another process may have the old one open.
        cp "$build/$1/publish/GracefulKernels.Native.so" "$out/lib/.libgracefulkernels-$1.so"
        mv "$out/lib/.libgracefulkernels-$1.so" "$out/lib/libgracefulkernels-$1.so"
        echo "$stamp" > "$out/lib/.stamp-$1"
    }
    # At the same time: much of a compilation runs on one core.
    running=()
    for level in "${needed[@]}"; do
        publish "$level" &
        running+=($!)
    done
    for one in "${running[@]}"; do
        wait "$one" || failed=1
    done
    [ -z "${failed:-}" ] || fail "a level could not be compiled"
fi

if [ ${#needed[@]} -gt 0 ] || [ "$(cat "$out/lib/.stamp" 2>/dev/null)" != "$stamp" ] || [ ! -s "$out/lib/libgracefulkernels.so" ]; then
    "$cc" -O2 -Wall -Wextra -Werror -fvisibility=hidden -fPIC -shared -DGK_VERSION="\"$version\"" -I "$here/include" "$here/front/front.c" \
        -o "$out/lib/.libgracefulkernels.so" -Wl,-soname,libgracefulkernels.so -Wl,-z,nodelete -Wl,-z,now -Wl,--no-undefined -ldl -lpthread
    strip --strip-unneeded "$out/lib/.libgracefulkernels.so"
    mv "$out/lib/.libgracefulkernels.so" "$out/lib/libgracefulkernels.so"
    echo "$stamp" > "$out/lib/.stamp"
fi
cp "$here/include/graceful_kernels.h" "$out/include/"
if [ -f "$here/python/graceful_kernels.py" ]; then
    mkdir -p "$out/python"
    cp "$here/python/graceful_kernels.py" "$out/python/"
fi
