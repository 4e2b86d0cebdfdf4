namespace GracefulKernels.Onnx;

/// <summary>What a name in the graph stands for: a constant, zeros for each sample, or the output of a layer.</summary>
internal abstract class OnnxValue;

/// <summary>Zeros for each sample, as shortcuts take them for their new channels.</summary>
/// <param name="dims">Without the batch.</param>
internal sealed class OnnxZeros(int[] dims) : OnnxValue
{
    public int[] Dims { get; } = dims;
}

/// <summary>A whole number in the arithmetic of shapes; the number of samples has no value, only a place.</summary>
internal readonly record struct OnnxInteger(long Value, bool IsBatch)
{
    public static OnnxInteger Batch => new(0, true);

    public override string ToString() => IsBatch ? "batch" : $"{Value}";

    public static implicit operator OnnxInteger(long value) => new(value, false);
}

/// <summary>A constant: an initializer, or what follows from constants alone.</summary>
internal sealed class OnnxTensor : OnnxValue
{
    public OnnxTensor(int[] dims, float[] values, string? name = null) => (Dims, Floats, Name) = (dims, values, name);

    public OnnxTensor(int[] dims, OnnxInteger[] values, string? name = null) => (Dims, Integers, Name) = (dims, values, name);

    public int[] Dims { get; }

    /// <summary>In C order; null for whole numbers.</summary>
    public float[]? Floats { get; }

    /// <summary>In C order; null for fp32.</summary>
    public OnnxInteger[]? Integers { get; }

    /// <summary>The initializer that it comes from, moved at most.</summary>
    public string? Name { get; }

    public int Count => Floats?.Length ?? Integers!.Length;

    public bool IsZero => Floats?.All(v => v == 0) ?? Integers!.All(v => v == 0);

    public static OnnxTensor Vector(params OnnxInteger[] values) => new([values.Length], values);

    /// <summary>The same elements under another shape of as many.</summary>
    public OnnxTensor WithDims(int[] dims) => Floats is not null ? new(dims, Floats, Name) : new(dims, Integers!, Name);

    /// <summary>
    /// The elements at <c>offset + Σ i_k strides_k</c> for every index i of <paramref name="dims"/>: transposes, slices and broadcasts.
    /// </summary>
    public OnnxTensor View(int[] dims, long[] strides, long offset = 0)
    {
        int count = Product(dims);
        int[] map = new int[count], index = new int[dims.Length];
        long at = offset;
        for (int i = 0; i < count; i++)
        {
            map[i] = (int)at;
            for (int k = dims.Length - 1; k >= 0; k--)
            {
                at += strides[k];
                if (++index[k] < dims[k]) break;
                at -= strides[k] * dims[k];
                index[k] = 0;
            }
        }
        return Pick(dims, map);
    }

    public OnnxTensor Pick(int[] dims, int[] map)
        => Floats is { } f ? new(dims, Array.ConvertAll(map, i => f[i]), Name) : new(dims, Array.ConvertAll(map, i => Integers![i]), Name);

    /// <summary>Strides of this tensor seen under a shape that it broadcasts to; null where it does not.</summary>
    public long[]? Broadcast(int[] dims)
    {
        if (Dims.Length > dims.Length) return null;
        long[] own = Strides(Dims), strides = new long[dims.Length];
        for (int k = 1; k <= Dims.Length; k++)
        {
            if (Dims[^k] != 1 && Dims[^k] != dims[^k]) return null;
            strides[^k] = Dims[^k] == 1 ? 0 : own[^k];
        }
        return strides;
    }

    public static long[] Strides(int[] dims)
    {
        long[] strides = new long[dims.Length];
        long size = 1;
        for (int k = dims.Length - 1; k >= 0; k--)
        {
            strides[k] = size;
            size *= dims[k];
        }
        return strides;
    }

    /// <summary>The number of elements; the shape was checked before.</summary>
    public static int Product(ReadOnlySpan<int> dims)
    {
        int product = 1;
        foreach (int d in dims) product = checked(product * d);
        return product;
    }

    public override string ToString() => $"[{string.Join(" × ", Dims)}]";
}
