namespace GracefulKernels.Tests;

/// <summary>What the machine does at an instruction.</summary>
internal enum PtxStep
{
    /// <summary>Something that concerns one thread.</summary>
    Work,

    Branch,

    /// <summary>Waits for all threads of the group.</summary>
    Barrier,

    /// <summary>Waits for the threads of the warp, and multiplies fragments that all of them hold.</summary>
    Matrix,

    End,
}

/// <summary>A register, or a number where there is none (-1); in brackets the sum of both.</summary>
internal readonly record struct PtxOperand(int Register, long Number)
{
    public long Of(PtxThread thread) => Register < 0 ? Number : thread.Registers[Register];

    public float FloatOf(PtxThread thread) => BitConverter.Int32BitsToSingle((int)Of(thread));

    public long AddressOf(PtxThread thread) => Register < 0 ? Number : thread.Registers[Register] + Number;
}

/// <summary>An instruction with its names resolved.</summary>
internal sealed class PtxInstruction
{
    public required string Text { get; init; }

    public required PtxStep Step { get; init; }

    /// <summary>The predicate without which nothing happens; -1 for none.</summary>
    public int Guard { get; init; } = -1;

    /// <summary>The predicate must be false instead.</summary>
    public bool Inverted { get; init; }

    /// <summary>Where a branch goes.</summary>
    public int Target { get; init; }

    public Action<PtxThread> Work { get; init; } = static _ => { };

    public PtxOperand[] Operands { get; init; } = [];
}
