namespace GracefulKernels;

/// <summary>What the primal of a sample leaves for JVP and VJP: the inputs of products and kept normalisations, masks, and places of maxima.</summary>
internal sealed class StateLayout
{
    public StateLayout(LayerStep[] steps, int[] lengths, bool[] saved)
    {
        Values = new long[lengths.Length];
        for (int v = 0; v < lengths.Length; v++)
        {
            Values[v] = saved[v] ? ValueLength : -1;
            if (saved[v]) ValueLength += BufferPlan.RoundUp(lengths[v]);
        }
        Words = new long[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            Words[i] = WordLength;
            // 32 words of 16 bits are a cache line.
            WordLength += (steps[i].MaskWords + steps[i].ArgmaxLength + 31L) / 32 * 32;
        }
    }

    /// <summary>Of each value, in elements of one sample; −1 where it is not saved.</summary>
    public long[] Values { get; }

    /// <summary>Of the mask or argmax of each step, in words of one sample.</summary>
    public long[] Words { get; }

    public long ValueLength { get; }

    public long WordLength { get; }

    /// <summary>Memory for one sample.</summary>
    public long BytesPerSample => (ValueLength * sizeof(float)) + (WordLength * sizeof(ushort));
}
