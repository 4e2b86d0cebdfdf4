namespace GracefulKernels.Native;

/// <summary>The caller's images.</summary>
internal static unsafe class Images
{
    /// <summary>Images of a block: a multiple of the library's batches, so that cutting into blocks changes no bit.</summary>
    private const int Batch = 128;

    /// <summary>Elements of a block that a span holds with room.</summary>
    private const long MostElements = 1L << 28;

    /// <summary>All of them in one span: what is linearised or fitted is copied, and held in one array.</summary>
    public static ReadOnlySpan<float> All(float* images, int count, Network network)
        => Operand.Matrix(images, count, network.InputShape.Elements, "images").Span<float>($"[{count} x {network.InputShape.Elements}]");

    /// <summary>As many images at a time as a span holds, with the outputs that belong to them.</summary>
    public static ImageBlocks Blocks(float* images, float* outputs, long count, Network network, int width)
    {
        int n = Argument.Size(count, "count"), elements = network.InputShape.Elements;
        Operand from = Operand.Matrix(images, n, elements, "images"), to = Operand.Matrix(outputs, n, width, "outputs");
        to.Apart(from);
        long atOnce = Math.Max(MostElements / Math.Max(elements, width) / Batch, 1) * Batch;
        if (atOnce * Math.Max(elements, width) > Array.MaxLength) atOnce = 1;
        return new ImageBlocks(images, elements, outputs, width, n, (int)Math.Min(atOnce, n));
    }
}

/// <summary>Some of the caller's images.</summary>
internal readonly ref struct ImageBlock(ReadOnlySpan<float> images, int count, Span<float> outputs)
{
    public ReadOnlySpan<float> Images { get; } = images;

    public int Count => count;

    public Span<float> Outputs { get; } = outputs;
}

/// <summary>Goes through the caller's images block by block.</summary>
internal unsafe ref struct ImageBlocks(float* images, int elements, float* outputs, int width, int count, int atOnce)
{
    private int _first = -atOnce;

    public readonly ImageBlock Current
    {
        get
        {
            int n = Math.Min(atOnce, count - _first);
            return new ImageBlock(
                new ReadOnlySpan<float>(images + ((long)_first * elements), n * elements), n, new Span<float>(outputs + ((long)_first * width), n * width));
        }
    }

    public readonly ImageBlocks GetEnumerator() => this;

    public bool MoveNext()
    {
        if (count == 0 || _first > count - 1 - atOnce) return false;
        _first += atOnce;
        return true;
    }
}
