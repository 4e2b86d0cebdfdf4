using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>
/// Fused multiply-adds on registers alone. Twelve independent chains hide the latency of the instruction (4 cycles, two a cycle) and
/// leave room for the factors among sixteen registers.
/// </summary>
internal static class FmaPeak
{
    private const int Chains = 12;
    private const int Steps = 200_000;

    /// <summary>10⁹ operations a second, a multiply-add counted as two.</summary>
    public static double Gflops<TRegister>(Workers workers, MeasureTime time) where TRegister : struct, IPeakRegister<TRegister>
    {
        // A register of one number runs sixteen times fewer operations in the same steps: the time stays, the count differs.
        Job<TRegister> job = new(new double[workers.Count * 16]);
        void Run() => workers.Run(workers.Count, ref job);
        Run();
        Measurement measured = Measurement.Of(Run, null, time);
        return 2.0 * TRegister.Width * Chains * Steps * workers.Count / measured.Min / 1e9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Spin<TRegister>(int steps) where TRegister : struct, IPeakRegister<TRegister>
    {
        // |factor| < 1: the chains settle on a normal number, never on a denormal or an infinity, which might cost extra.
        TRegister f = TRegister.Broadcast(0.75), g = TRegister.Broadcast(0.25);
        TRegister a0 = g, a1 = g, a2 = g, a3 = g, a4 = g, a5 = g, a6 = g, a7 = g, a8 = g, a9 = g, a10 = g, a11 = g;
        for (int i = 0; i < steps; i++)
        {
            a0 = TRegister.MultiplyAdd(a0, f, g);
            a1 = TRegister.MultiplyAdd(a1, f, g);
            a2 = TRegister.MultiplyAdd(a2, f, g);
            a3 = TRegister.MultiplyAdd(a3, f, g);
            a4 = TRegister.MultiplyAdd(a4, f, g);
            a5 = TRegister.MultiplyAdd(a5, f, g);
            a6 = TRegister.MultiplyAdd(a6, f, g);
            a7 = TRegister.MultiplyAdd(a7, f, g);
            a8 = TRegister.MultiplyAdd(a8, f, g);
            a9 = TRegister.MultiplyAdd(a9, f, g);
            a10 = TRegister.MultiplyAdd(a10, f, g);
            a11 = TRegister.MultiplyAdd(a11, f, g);
        }
        return TRegister.First(a0) + TRegister.First(a1) + TRegister.First(a2) + TRegister.First(a3) + TRegister.First(a4) + TRegister.First(a5)
            + TRegister.First(a6) + TRegister.First(a7) + TRegister.First(a8) + TRegister.First(a9) + TRegister.First(a10) + TRegister.First(a11);
    }

    // One result a cache line, or the cores would fight over it.
    private readonly struct Job<TRegister>(double[] results) : IJob where TRegister : struct, IPeakRegister<TRegister>
    {
        public void Execute(int chunk) => results[chunk * 16] = Spin<TRegister>(Steps);
    }
}
