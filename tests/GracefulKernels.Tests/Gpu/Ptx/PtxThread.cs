namespace GracefulKernels.Tests;

/// <summary>A thread: its registers, its place in the text, and its copies to shared memory that are under way.</summary>
internal sealed class PtxThread
{
    /// <summary>More than any of the tests' kernels needs: a loop without end.</summary>
    private const int MostSteps = 1_000_000;

    private readonly Queue<List<(long Target, long Source, int Bytes)>> _stages = new();
    private List<(long Target, long Source, int Bytes)> _copies = [];
    private int _steps;

    public PtxThread(PtxGroup group, PtxProgram program, int index, int x, int y)
    {
        Group = group;
        Registers = new long[program.Registers];
        // What nothing was written to is NaN, and neither true nor false.
        Array.Fill(Registers, -1);
        (Registers[0], Registers[1], Registers[2]) = (index, x, y);
    }

    public PtxGroup Group { get; }

    public long[] Registers { get; }

    /// <summary>The next instruction.</summary>
    public int Next { get; set; }

    /// <summary>Goes on until others matter, or to the end.</summary>
    public void Run(PtxInstruction[] instructions)
    {
        while (true)
        {
            PtxInstruction instruction = instructions[Next];
            if (instruction.Step is PtxStep.Barrier or PtxStep.Matrix or PtxStep.End) return;
            if (++_steps > MostSteps) throw new PtxFaultException("a loop without end");
            Next++;
            if (instruction.Guard >= 0 && Predicate(instruction.Guard) == instruction.Inverted) continue;
            if (instruction.Step == PtxStep.Branch) Next = instruction.Target;
            else instruction.Work(this);
        }
    }

    public bool Predicate(int register) => Registers[register] switch
    {
        0 => false,
        1 => true,
        _ => throw new PtxFaultException("a predicate that was not set"),
    };

    /// <summary>16 bytes to shared memory, of which some come from global memory; the others are zeros.</summary>
    public void Copy(long target, long source, int bytes)
    {
        if (bytes is < 0 or > 16) throw new PtxFaultException($"a copy of {bytes} bytes");
        // Both places are checked at once, whenever the copy is done. Where nothing is read the address is still one of the array.
        Group.Shared.At(target, 16, 16, write: true);
        Group.Global.At(source, bytes, 16);
        if (Group.Copies == PtxCopies.AtOnce) Do((target, source, bytes));
        else _copies.Add((target, source, bytes));
    }

    public void CommitCopies()
    {
        _stages.Enqueue(_copies);
        _copies = [];
    }

    /// <summary>Waits until no more than the last stages are under way.</summary>
    public void AwaitCopies(int stages)
    {
        while (_stages.Count > stages) _stages.Dequeue().ForEach(Do);
    }

    private void Do((long Target, long Source, int Bytes) copy)
    {
        Span<byte> target = Group.Shared.At(copy.Target, 16, 16, write: true);
        Group.Global.At(copy.Source, copy.Bytes, 16).CopyTo(target);
        target[copy.Bytes..].Clear();
    }
}
