namespace GracefulKernels.Kernels;

/// <summary>How a register tile reaches the output.</summary>
internal enum TileStore
{
    Store,

    /// <summary>Added to what is there.</summary>
    Add,

    /// <summary>Stored past the caches; whole registers, aligned to their size.</summary>
    Stream,
}
