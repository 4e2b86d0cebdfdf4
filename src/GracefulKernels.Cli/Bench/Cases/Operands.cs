using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The memory of one case, allocated and filled before anything is timed, and the call to time.</summary>
internal sealed unsafe class Operands : IDisposable
{
    private readonly List<HostMemory> _memory = [];
    private readonly List<Block<float>> _inputs = [];
    private readonly List<Block<float>> _outputs = [];
    private readonly List<Block<double>> _outputs64 = [];

    /// <summary>The call.</summary>
    public Action Run { get; set; } = () => throw new InvalidOperationException("Nothing to run.");

    /// <summary>Restores what the call overwrites, untimed; or null.</summary>
    public Action? Reset { get; set; }

    /// <summary>What the call returned, checked like an output.</summary>
    public double Returned { get; set; } = 1;

    /// <summary>The fp32 inputs in the order in which the case asked for them: what a peer is given too.</summary>
    public IReadOnlyList<Block<float>> Inputs => _inputs;

    /// <summary>The fp32 outputs in order: what a peer's are compared with.</summary>
    public IReadOnlyList<Block<float>> Outputs => _outputs;

    /// <summary>Random fp32 input, unrelated to the case's other ones: equal operands would take paths that real ones do not.</summary>
    public Block<float> Input(long count, float low = -1, float high = 1)
    {
        Block<float> block = Allocate<float>(count);
        RandomData.Fill(block, low, high, stream: _inputs.Count);
        _inputs.Add(block);
        return block;
    }

    /// <summary>An fp32 input that differs from <paramref name="other"/> by random numbers below <paramref name="distance"/> in magnitude.</summary>
    public Block<float> InputNear(Block<float> other, float distance)
    {
        Block<float> block = Input(other.Length, -distance, distance);
        for (long i = 0; i < block.Length; i++) block.Pointer[i] += other.Pointer[i];
        return block;
    }

    /// <summary>Random labels below <paramref name="classes"/>.</summary>
    public Block<int> Labels(long count, int classes)
    {
        Block<int> block = Allocate<int>(count);
        RandomData.Fill(block, classes);
        return block;
    }

    /// <summary>Random bits.</summary>
    public Block<T> Bits<T>(long count) where T : unmanaged
    {
        Block<T> block = Allocate<T>(count);
        RandomData.FillBits(block);
        return block;
    }

    /// <summary>An fp32 output, checked after the first run. It begins as NaN, so that a kernel that leaves a part out is found.</summary>
    public Block<float> Output(long count)
    {
        Block<float> block = Allocate<float>(count);
        for (long i = 0; i < count; i++) block.Pointer[i] = float.NaN;
        _outputs.Add(block);
        return block;
    }

    /// <summary>An fp64 output that begins as zeros, to be added to.</summary>
    public Block<double> Sum(long count)
    {
        Block<double> block = Allocate<double>(count);
        for (long i = 0; i < count; i++) block.Pointer[i] = 0;
        _outputs64.Add(block);
        return block;
    }

    /// <summary>Memory without contents.</summary>
    public Block<T> Allocate<T>(long count) where T : unmanaged
    {
        HostMemory memory = new(count * sizeof(T));
        _memory.Add(memory);
        return memory.AsBlock<T>();
    }

    /// <summary>What is wrong with the results, or null.</summary>
    public string? Fault()
    {
        if (!double.IsFinite(Returned)) return $"the call returned {Returned}";
        foreach (Block<float> output in _outputs)
        {
            if (Fault(output.Length, i => output.Pointer[i]) is string fault) return fault;
        }
        foreach (Block<double> output in _outputs64)
        {
            if (Fault(output.Length, i => output.Pointer[i]) is string fault) return fault;
        }
        return null;
    }

    public void Dispose()
    {
        foreach (HostMemory memory in _memory) memory.Dispose();
    }

    private static string? Fault(long count, Func<long, double> at)
    {
        bool zeros = count > 0;
        for (long i = 0; i < count; i++)
        {
            double value = at(i);
            if (!double.IsFinite(value)) return $"element {i} of an output is {value}";
            zeros &= value == 0;
        }
        return zeros ? "an output is all zeros" : null;
    }
}
