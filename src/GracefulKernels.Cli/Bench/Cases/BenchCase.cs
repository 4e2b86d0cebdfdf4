using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>One row of the benchmark: a kernel at a shape.</summary>
/// <param name="Kernel">Name that begins with the room, for example <c>gemm-nt</c>.</param>
/// <param name="Shape">For people and for telling rows apart, for example <c>512x512x512</c>.</param>
/// <param name="Parameters">The shape as the room's contract takes it: what a peer needs to do the same.</param>
/// <param name="Work">What one call has to do.</param>
/// <param name="Prepare">Allocates and fills operands for a kernel set, and says what to run.</param>
internal sealed record BenchCase(string Kernel, string Shape, object Parameters, WorkCount Work, Action<IKernels, Operands> Prepare)
{
    /// <summary>Also part of <c>--quick</c>.</summary>
    public bool Quick { get; init; }

    /// <summary>The room: what stands before the first hyphen.</summary>
    public string Room => Kernel.Split('-')[0];

    /// <summary>What <c>--filter</c> is matched with.</summary>
    public string Title => $"{Kernel} {Shape}";
}
