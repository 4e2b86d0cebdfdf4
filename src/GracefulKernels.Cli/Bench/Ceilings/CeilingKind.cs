namespace GracefulKernels.Cli.Bench;

/// <summary>What may limit a kernel.</summary>
internal enum CeilingKind
{
    /// <summary>Fused multiply-adds, of the precision that the kernel computes in.</summary>
    Fma,

    /// <summary>Reading memory.</summary>
    Read,

    /// <summary>Reading and writing memory, both counted.</summary>
    Copy,

    /// <summary>Exponentials.</summary>
    Exp,

    /// <summary>Reading the second-level cache.</summary>
    L2,
}
