namespace GracefulKernels.Cli.Bench;

/// <summary>
/// What one call has to do, by the definition of its operation and not by how it is done: each input read once, each output written once.
/// </summary>
internal readonly record struct WorkCount
{
    // What a core's second-level cache surely holds: data up to this size is not fetched from memory again.
    private const double CachedBytesOfCore = 512 << 10;

    /// <summary>Floating-point operations, a multiply-add counted as two. Where there is no arithmetic to speak of: comparisons, bit
    /// operations on words, exponentials, each as one.</summary>
    public double Flops { get; init; }

    /// <summary>Computed in fp64.</summary>
    public bool Fp64 { get; init; }

    public double BytesRead { get; init; }

    public double BytesWritten { get; init; }

    /// <summary>Exponentials that no rearrangement saves.</summary>
    public double Exps { get; init; }

    /// <summary>The bytes are reread from the second-level cache, whatever their sum.</summary>
    public bool FromL2 { get; init; }

    public double Bytes => BytesRead + BytesWritten;

    /// <summary>Operations a byte.</summary>
    public double Intensity => Flops / Bytes;

    /// <summary>
    /// The ceiling that takes the longest, and the least seconds that it allows. (A call that rests on two is as slow as the slower.)
    /// </summary>
    public (CeilingKind Kind, double Seconds) Bound(MachineCeilings ceilings)
    {
        bool cached = FromL2 || Bytes <= CachedBytesOfCore * ceilings.Threads;
        (CeilingKind Kind, double Seconds) memory = cached ? (CeilingKind.L2, Bytes / ceilings.L2Gbps)
            : BytesWritten < 0.01 * BytesRead ? (CeilingKind.Read, Bytes / ceilings.ReadGbps)
            : (CeilingKind.Copy, Bytes / ceilings.CopyGbps);
        (CeilingKind Kind, double Seconds) longest = (CeilingKind.Fma, Flops / (Fp64 ? ceilings.Fma64Gflops : ceilings.Fma32Gflops));
        if (memory.Seconds > longest.Seconds) longest = memory;
        if (ceilings.ExpGps is double exps && Exps / exps > longest.Seconds) longest = (CeilingKind.Exp, Exps / exps);
        return (longest.Kind, longest.Seconds / 1e9);
    }
}
