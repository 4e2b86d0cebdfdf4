using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Rate of the library's own exponential: a row of 1024 numbers in the first-level cache, loaded, raised and summed.</summary>
internal static unsafe class ExpRate
{
    private const int Length = 1024;
    private const int Rounds = 200;

    /// <summary>10⁹ exponentials a second.</summary>
    public static double Gps(CpuTarget target, Workers workers, MeasureTime time) => target switch
    {
        CpuTarget.Avx512 => Gps<Lanes512, DoubleLanes512>(workers, time),
        CpuTarget.Avx2 => Gps<Lanes256, DoubleLanes256>(workers, time),
        CpuTarget.Vector128 => Gps<Lanes128, DoubleLanes128>(workers, time),
        _ => Gps<LanesScalar, DoubleLanesScalar>(workers, time),
    };

    private static double Gps<TLanes, TDoubles>(Workers workers, MeasureTime time)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        using HostMemory memory = new(Length * sizeof(float) * (long)workers.Count);
        Block<float> x = memory.AsBlock<float>();
        // Differences to a row's maximum: never positive.
        RandomData.Fill(x, -12, 0);
        Job<TLanes, TDoubles> job = new(x.Pointer, new float[workers.Count * 32]);
        void Run() => workers.Run(workers.Count, ref job);
        Run();
        return (double)Length * Rounds * workers.Count / Measurement.Of(Run, null, time).Min / 1e9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum<TLanes, TDoubles>(float* x)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes a = TLanes.Zero, b = a;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < Length; i += 32)
            {
                TLanes first = TLanes.Load(x + i), second = TLanes.Load(x + i + 16);
                exp.Of(ref first, ref second);
                a += first;
                b += second;
            }
        }
        return TLanes.Sum(a + b);
    }

    private readonly struct Job<TLanes, TDoubles>(float* x, float[] results) : IJob
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        public void Execute(int chunk) => results[chunk * 32] = Sum<TLanes, TDoubles>(x + (chunk * Length));
    }
}
