namespace GracefulKernels;

/// <summary>What the head is when a network is linearised.</summary>
public enum HeadStart
{
    /// <summary>Ridge regression on the frozen features: <see cref="Network.WithRidgeHead(ReadOnlySpan{float}, ReadOnlySpan{int}, int, RidgeHeadOptions?, ImageLayout, CancellationToken)"/>.</summary>
    Ridge,

    /// <summary>Random weights: <see cref="Network.WithRandomHead"/>.</summary>
    Random,

    /// <summary>The network's own, for the classes that it has.</summary>
    Keep,
}
