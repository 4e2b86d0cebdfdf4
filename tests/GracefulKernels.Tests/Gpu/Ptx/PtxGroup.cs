namespace GracefulKernels.Tests;

/// <summary>When copies to shared memory are done. A device does them anywhere between: a text that is right both ways awaits them where it must.</summary>
internal enum PtxCopies
{
    /// <summary>At once: shows a copy to what others still read.</summary>
    AtOnce,

    /// <summary>Where the thread waits for them: shows data read without waiting.</summary>
    WhenAwaited,
}

/// <summary>
/// A machine for PTX, one group of threads at a time. Each warp goes on as far as barriers let it before the next warp does anything, and each thread before the next
/// thread of the warp: what relies on an order that nothing enforces gives wrong numbers.
/// </summary>
internal sealed class PtxGroup
{
    private const int WarpSize = 32;

    private readonly PtxInstruction[] _instructions;
    private readonly PtxThread[] _threads;

    private PtxGroup(PtxProgram program, byte[] parameters, PtxMemory global, PtxCopies copies, int x, int y)
    {
        if (parameters.Length != program.ParameterBytes) throw new PtxFaultException($"{parameters.Length} bytes of arguments, not {program.ParameterBytes}");
        (_instructions, Parameters, Global, Copies) = (program.Instructions, parameters, global, copies);
        byte[] shared = new byte[program.SharedBytes];
        // What nothing was copied to is NaN.
        Array.Fill(shared, byte.MaxValue);
        Shared = new PtxMemory();
        Shared.Add(PtxProgram.SharedAddress, shared, writable: true);
        _threads = [.. Enumerable.Range(0, program.GroupSize).Select(i => new PtxThread(this, program, i, x, y))];
    }

    public byte[] Parameters { get; }

    public PtxMemory Global { get; }

    public PtxMemory Shared { get; }

    public PtxCopies Copies { get; }

    /// <summary>A launch.</summary>
    public static void Launch(PtxProgram program, int groupsX, int groupsY, byte[] parameters, PtxMemory global, PtxCopies copies)
    {
        for (int y = 0; y < groupsY; y++)
        {
            for (int x = 0; x < groupsX; x++) new PtxGroup(program, parameters, global, copies, x, y).Run();
        }
    }

    private void Run()
    {
        do
        {
            for (int first = 0; first < _threads.Length; first += WarpSize) RunWarp(_threads.AsSpan(first, WarpSize));
        }
        while (Together(_threads, PtxStep.Barrier));
        // Threads end at different places.
        if (_threads.FirstOrDefault(t => _instructions[t.Next].Step != PtxStep.End) is { } left) throw new PtxFaultException($"some threads alone came to: {_instructions[left.Next].Text}");
    }

    /// <summary>Up to a barrier or the end.</summary>
    private void RunWarp(ReadOnlySpan<PtxThread> warp)
    {
        PtxInstruction instruction;
        do
        {
            foreach (PtxThread thread in warp) thread.Run(_instructions);
            instruction = _instructions[warp[0].Next];
            if (instruction.Step == PtxStep.Matrix) PtxMatrixProduct.Run(instruction, warp);
        }
        while (Together(warp, PtxStep.Matrix));
        foreach (PtxThread thread in warp)
        {
            if (_instructions[thread.Next].Step == PtxStep.Matrix) throw new PtxFaultException($"part of a warp alone came to: {_instructions[thread.Next].Text}");
        }
    }

    /// <summary>Threads that are all at the same instruction of a kind go on behind it.</summary>
    private bool Together(ReadOnlySpan<PtxThread> threads, PtxStep step)
    {
        int place = threads[0].Next;
        if (_instructions[place].Step != step) return false;
        foreach (PtxThread thread in threads)
        {
            if (thread.Next != place) return false;
        }
        foreach (PtxThread thread in threads) thread.Next++;
        return true;
    }
}
