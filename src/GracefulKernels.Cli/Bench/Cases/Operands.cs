using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The memory of one case, on the device of a kernel set, allocated and filled before anything is timed, and the call to time.</summary>
internal sealed unsafe class Operands(IKernels kernels) : IDisposable
{
    private readonly List<DeviceMemory> _memory = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<Block<float>> _inputs = [];
    private readonly List<Block<float>> _outputs = [];
    private readonly List<Block<double>> _outputs64 = [];

    /// <summary>The set whose memory this is.</summary>
    public IKernels Kernels => kernels;

    /// <summary>The call.</summary>
    public Action Run { get; set; } = () => throw new InvalidOperationException("Nothing to run.");

    /// <summary>Waits until the calls are done; null where they are when they return.</summary>
    public Action? Await { get; } = kernels is GpuKernels gpu ? gpu.Synchronize : null;

    /// <summary>Restores what the call overwrites, untimed; or null.</summary>
    public Action? Reset { get; set; }

    /// <summary>What the call returned, checked like an output.</summary>
    public double Returned { get; set; } = 1;

    /// <summary>The fp32 inputs in the order in which the case asked for them: what a peer is given too.</summary>
    public IReadOnlyList<Block<float>> Inputs => _inputs;

    /// <summary>The fp32 outputs in order: what a peer's are compared with.</summary>
    public IReadOnlyList<Block<float>> Outputs => _outputs;

    /// <summary>Random fp32 input, unrelated to the case's other ones: equal operands would take paths that real ones do not. <paramref name="arrange"/> rearranges them, on the host and before the call.</summary>
    public Block<float> Input(long count, float low = -1, float high = 1, Action<Block<float>>? arrange = null)
    {
        int stream = _inputs.Count;
        Block<float> block = Filled<float>(count, b =>
        {
            RandomData.Fill(b, low, high, stream);
            arrange?.Invoke(b);
        });
        _inputs.Add(block);
        return block;
    }

    /// <summary>An fp32 input that differs from <paramref name="other"/> by random numbers below <paramref name="distance"/> in magnitude.</summary>
    public Block<float> InputNear(Block<float> other, float distance)
    {
        Block<float> block = Input(other.Length, -distance, distance);
        kernels.Axpby(1f, other, 1f, block);
        return block;
    }

    /// <summary>Random labels below <paramref name="classes"/>.</summary>
    public Block<int> Labels(long count, int classes) => Filled<int>(count, b => RandomData.Fill(b, classes));

    /// <summary>Random bits.</summary>
    public Block<T> Bits<T>(long count) where T : unmanaged => Filled<T>(count, RandomData.FillBits);

    /// <summary>An fp32 output, checked after the first run. It begins as NaN, so that a kernel that leaves a part out is found.</summary>
    public Block<float> Output(long count)
    {
        Block<float> block = Filled<float>(count, b => new Span<uint>(b.Pointer, checked((int)count)).Fill(BitConverter.SingleToUInt32Bits(float.NaN)));
        _outputs.Add(block);
        return block;
    }

    /// <summary>An fp64 output that begins as zeros, to be added to.</summary>
    public Block<double> Sum(long count)
    {
        Block<double> block = Allocate<double>(count);
        kernels.Zero(block);
        _outputs64.Add(block);
        return block;
    }

    /// <summary>Memory without contents.</summary>
    public Block<T> Allocate<T>(long count) where T : unmanaged
    {
        DeviceMemory memory = kernels.Allocate(count * sizeof(T));
        _memory.Add(memory);
        return memory.AsBlock<T>();
    }

    /// <summary>Memory whose contents <paramref name="fill"/> writes, on the host and before the call.</summary>
    public Block<T> Filled<T>(long count, Action<Block<T>> fill) where T : unmanaged
    {
        Block<T> block = Allocate<T>(count);
        if (block.Memory is HostMemory)
        {
            fill(block);
            return block;
        }
        using HostMemory host = new(count * sizeof(T));
        fill(host.AsBlock<T>());
        kernels.Copy(host.AsBlock<T>(), block);
        return block;
    }

    /// <summary>Disposes something with the case.</summary>
    public T Owns<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>The elements of a block, on the host.</summary>
    public T[] Read<T>(Block<T> block) where T : unmanaged
    {
        T[] values = new T[block.Length];
        kernels.Download(block, values.AsSpan());
        return values;
    }

    /// <summary>What is wrong with the results, or null.</summary>
    public string? Fault()
    {
        if (!double.IsFinite(Returned)) return $"the call returned {Returned}";
        foreach (Block<float> output in _outputs)
        {
            float[] values = Read(output);
            if (Fault(output.Length, i => values[i]) is string fault) return fault;
        }
        foreach (Block<double> output in _outputs64)
        {
            double[] values = Read(output);
            if (Fault(output.Length, i => values[i]) is string fault) return fault;
        }
        return null;
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
        foreach (DeviceMemory memory in _memory) memory.Dispose();
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
