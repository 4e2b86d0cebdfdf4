using System.Runtime.InteropServices;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// OpenBLAS by its C symbols, found under its usual names or where <c>GRACEFUL_OPENBLAS</c> says. Which kernels it takes is decided when it
/// is loaded, from the processor or from <c>OPENBLAS_CORETYPE</c>: another choice needs another process.
/// </summary>
internal static unsafe class OpenBlas
{
    public const int RowMajor = 101, NoTranspose = 111, Transpose = 112, Lower = 122;

    private static readonly string[] Names = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll", "openblas.dll"];
    private static readonly nint Library = Load();

    public static bool IsHere => Library != 0;

    /// <summary>The kernels in use, for example <c>ZEN</c> or <c>SKYLAKEX</c>.</summary>
    public static string CoreName => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("openblas_get_corename"))()) ?? "";

    public static void SetThreads(int threads) => ((delegate* unmanaged<int, void>)Export("openblas_set_num_threads"))(threads);

    public static delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> Sgemm
        => (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)Export("cblas_sgemm");

    public static delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void> Ssyrk
        => (delegate* unmanaged<int, int, int, int, int, float, float*, int, float, float*, int, void>)Export("cblas_ssyrk");

    public static delegate* unmanaged<int, float, float*, int, float*, int, void> Saxpy
        => (delegate* unmanaged<int, float, float*, int, float*, int, void>)Export("cblas_saxpy");

    public static delegate* unmanaged<int, float*, int, float*, int, float> Sdot
        => (delegate* unmanaged<int, float*, int, float*, int, float>)Export("cblas_sdot");

    public static delegate* unmanaged<int, float*, int, float> Snrm2 => (delegate* unmanaged<int, float*, int, float>)Export("cblas_snrm2");

    /// <summary>The lower factor of a row-major matrix: the upper one of what LAPACK, column by column, takes it for.</summary>
    public static void Dpotrf(int n, double* a) => Lapack("dpotrf_", n, a);

    /// <summary>The lower triangle of the inverse from the lower factor, row-major.</summary>
    public static void Dpotri(int n, double* a) => Lapack("dpotri_", n, a);

    /// <summary>
    /// Eigenvalues, ascending, and eigenvectors in the rows of <paramref name="a"/> (its columns, as LAPACK sees them) from the lower triangle of a row-major matrix.
    /// </summary>
    public static void Dsyevd(int n, double* a, double* values, double* work, int lengthOfWork, int* integers, int lengthOfIntegers)
    {
        byte vectors = (byte)'V', upper = (byte)'U';
        int info = 0;
        ((delegate* unmanaged<byte*, byte*, int*, double*, int*, double*, double*, int*, int*, int*, int*, nint, nint, void>)Export("dsyevd_"))(
            &vectors, &upper, &n, a, &n, values, work, &lengthOfWork, integers, &lengthOfIntegers, &info, 1, 1);
        if (info != 0) throw new InvalidOperationException($"dsyevd_ returned {info}");
    }

    private static void Lapack(string name, int n, double* a)
    {
        byte upper = (byte)'U';
        int info = 0;
        // The last argument is the length of the string that a Fortran compiler passes.
        ((delegate* unmanaged<byte*, int*, double*, int*, int*, nint, void>)Export(name))(&upper, &n, a, &n, &info, 1);
        if (info != 0) throw new InvalidOperationException($"{name} returned {info}");
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Library, name);

    private static nint Load()
    {
        string? path = Environment.GetEnvironmentVariable("GRACEFUL_OPENBLAS");
        foreach (string name in path is null ? Names : [path])
        {
            if (NativeLibrary.TryLoad(name, out nint library)) return library;
        }
        return 0;
    }
}
