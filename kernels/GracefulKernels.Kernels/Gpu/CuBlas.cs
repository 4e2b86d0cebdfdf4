using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// SGEMM of an installed cuBLAS, versions 11 to 13, on a stream of ours: an optional provider and the peer of benchmarks. ILGPU's own binding knows
/// neither version 13 nor the TF32 mode. The context of the device must be current.
/// </summary>
internal sealed unsafe class CuBlas : IDisposable
{
    private const int NoTranspose = 0;
    private const int Transpose = 1;
    private const int DefaultMath = 0;
    private const int TensorFloat32Math = 3;

    private readonly delegate* unmanaged<nint, int> _destroy;
    private readonly delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int, int> _sgemm;
    private nint _handle;

    private CuBlas(nint library, string file, nint stream, bool tensorFloat32)
    {
        File = file;
        var create = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        var setStream = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cublasSetStream_v2");
        var setMath = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(library, "cublasSetMathMode");
        _destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cublasDestroy_v2");
        _sgemm = (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int, int>)NativeLibrary.GetExport(library, "cublasSgemm_v2");
        nint handle;
        Check(create(&handle), "cublasCreate");
        _handle = handle;
        Check(setStream(handle, stream), "cublasSetStream");
        Check(setMath(handle, tensorFloat32 ? TensorFloat32Math : DefaultMath), "cublasSetMathMode");
    }

    /// <summary>The names tried, newest first.</summary>
    public static IReadOnlyList<string> Names { get; } = OperatingSystem.IsWindows()
        ? ["cublas64_13", "cublas64_12", "cublas64_11"]
        : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"];

    /// <summary>The library in use.</summary>
    public string File { get; }

    /// <exception cref="PlatformNotSupportedException">No cuBLAS is installed, or it does not start.</exception>
    public static CuBlas Open(nint stream, bool tensorFloat32)
    {
        foreach (string name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out nint library)) continue;
            try
            {
                return new CuBlas(library, name, stream, tensorFloat32);
            }
            catch (EntryPointNotFoundException e)
            {
                throw new PlatformNotSupportedException($"{name} is not a cuBLAS that is known: {e.Message}", e);
            }
        }
        throw new PlatformNotSupportedException($"cuBLAS is not installed here: none of {string.Join(", ", Names)} loads.");
    }

    /// <summary><c>C = alpha·op(A)·op(B) + beta·C</c>, row-major, at device addresses. Column-major cuBLAS computes <c>Cᵀ = op(B)ᵀ·op(A)ᵀ</c>.</summary>
    public void Sgemm(in GemmShape shape, float alpha, nint a, nint b, float beta, nint c) => Check(
        _sgemm(
            _handle,
            shape.TransposeB ? Transpose : NoTranspose,
            shape.TransposeA ? Transpose : NoTranspose,
            shape.N,
            shape.M,
            shape.K,
            &alpha,
            b,
            shape.LdB,
            a,
            shape.LdA,
            &beta,
            c,
            shape.LdC),
        "cublasSgemm");

    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0) _ = _destroy(handle);
    }

    private void Check(int status, string call)
    {
        if (status != 0) throw new InvalidOperationException($"{call} of {File} failed with status {status}.");
    }
}
