using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace GracefulKernels.Benchmarks.Native;

/// <summary>
/// <c>native DIR</c>: the C library in DIR/lib beside the managed one in one process, call by call in turns, on the same memory with one thread each. The ratio of the medians and of the best times is
/// what the way through C costs: handle, checks and the compiler ahead of time against the one at run time.
/// </summary>
internal static unsafe class NativeCommand
{
    private const int Rounds = 60;

    /// <summary>Of a round: long against the clock, short against what else the machine does.</summary>
    private const double RoundSeconds = 0.004;

    public static int Run(string folder)
    {
        nint library = NativeLibrary.Load(Path.GetFullPath(Path.Combine(folder, "lib", "libgracefulkernels.so")));
        var open = (delegate* unmanaged<int, byte*, int, nint*, int>)NativeLibrary.GetExport(library, "gk_device_open");
        var gemm = (delegate* unmanaged<nint, int, int, long, long, long, float, float*, long, float*, long, float, float*, long, int>)NativeLibrary.GetExport(library, "gk_gemm");
        var loss = (delegate* unmanaged<nint, void*, long, long, float*, long, float*, long, float*, long, int*, float*, float*, int*, int*, void*, int>)NativeLibrary.GetExport(library, "gk_row_loss");
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        nint opened;
        byte[] simd = Encoding.ASCII.GetBytes(device.Simd!.Value.ToString().ToLowerInvariant() + "\0");
        fixed (byte* name = simd)
        {
            if (open(1, name, 1, &opened) != 0) throw new InvalidOperationException("gk_device_open failed.");
        }
        nint handle = opened;
        Console.WriteLine($"{device}; {Rounds} rounds in turns\n");
        Console.WriteLine("| call | managed, median | C, median | ratio of medians | ratio of best |\n|---|---|---|---|---|");
        foreach (int n in (int[])[8, 32, 64, 128, 256, 512, 1024])
        {
            float[] a = Random(n * n, 1), b = Random(n * n, 2), c = new float[n * n];
            fixed (float* pa = a, pb = b, pc = c)
            {
                float* fa = pa, fb = pb, fc = pc;
                Row(
                    $"gemm {n} x {n} x {n}",
                    () => DenseLinearAlgebra.Gemm(false, false, n, n, n, 1f, a, n, b, n, 0f, c, n, device),
                    () => Checked(gemm(handle, 0, 0, n, n, n, 1f, fa, n, fb, n, 0f, fc, n)));
            }
        }
        foreach ((int rows, int classes) in ((int, int)[])[(1, 10), (32, 10), (256, 10), (256, 100), (256, 1000), (1024, 1000)])
        {
            float[] z = Random(rows * classes, 3), old = Random(rows * classes, 4), gradient = new float[rows * classes];
            int[] labels = [.. Enumerable.Range(0, rows).Select(i => i * 7 % classes)];
            var options = new CongruenceOptions();
            byte[] result = new byte[104];
            fixed (float* pz = z, po = old, pg = gradient)
            fixed (int* py = labels)
            fixed (byte* pr = result)
            {
                float* fz = pz, fo = po, fg = pg;
                int* y = py;
                byte* r = pr;
                Row(
                    $"row loss {rows} x {classes}",
                    () => CongruenceLoss.Evaluate(z, old, labels, classes, options, gradient, device: device),
                    () => Checked(loss(handle, null, rows, classes, fz, classes, fo, classes, null, 0, y, fg, null, null, null, r)));
            }
        }
        return 0;
    }

    private static void Checked(int status)
    {
        if (status != 0) throw new InvalidOperationException($"The C library returned {status}.");
    }

    private static void Row(string name, Action managed, Action native)
    {
        // Past the tiers of the compiler at run time.
        long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 2);
        while (Stopwatch.GetTimestamp() < until)
        {
            managed();
            native();
        }
        int calls = (int)Math.Max(1, RoundSeconds / Time(managed, 1));
        double[] times = new double[Rounds], others = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            // Whoever comes second finds the caches and the clock as the first left them.
            if (i % 2 == 0) times[i] = Time(managed, calls);
            others[i] = Time(native, calls);
            if (i % 2 == 1) times[i] = Time(managed, calls);
        }
        Array.Sort(times);
        Array.Sort(others);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {times[Rounds / 2] * 1e6:F2} us | {others[Rounds / 2] * 1e6:F2} us | {others[Rounds / 2] / times[Rounds / 2]:F3} | {others[0] / times[0]:F3} |"));
    }

    /// <summary>Seconds a call.</summary>
    private static double Time(Action call, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) call();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
