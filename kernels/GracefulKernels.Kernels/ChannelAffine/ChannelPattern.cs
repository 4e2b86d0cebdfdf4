namespace GracefulKernels.Kernels;

/// <summary>
/// How [rows × channels] is read by lanes. Where a row of few channels does not fill whole lanes, several rows are taken as one wide row of
/// lcm(channels, 16) elements, with the parameters of the channels repeated: three channels then cost no more per element than sixteen.
/// </summary>
internal readonly struct ChannelPattern
{
    private const int Lane = 16;
    private const int Narrow = 128;

    public ChannelPattern(long rows, int channels)
    {
        Channels = channels;
        Length = rows * channels;
        Width = channels % Lane == 0 || channels >= Narrow ? channels : LeastCommonMultiple(channels);
        Rows = Width == 0 ? 0 : (Length + Width - 1) / Width;
    }

    public int Channels { get; }

    /// <summary>Elements in all.</summary>
    public long Length { get; }

    /// <summary>Elements of a wide row, a multiple of <see cref="Channels"/>.</summary>
    public int Width { get; }

    /// <summary>Wide rows. Only the last may be short.</summary>
    public long Rows { get; }

    /// <summary>Elements of a repeated parameter, with room for whole lanes.</summary>
    public int PaddedWidth => (Width + Lane - 1) / Lane * Lane;

    /// <summary>One parameter, repeated over a wide row; zeros behind it, and everywhere where it is empty.</summary>
    public unsafe void Repeat(Block<float> parameter, float* destination)
    {
        var row = new Span<float>(destination, PaddedWidth);
        row.Clear();
        if (parameter.IsEmpty) return;
        for (int i = 0; i < Width; i += Channels) parameter.Span.CopyTo(row[i..]);
    }

    private static int LeastCommonMultiple(int channels)
    {
        int shift = Math.Min(4, System.Numerics.BitOperations.TrailingZeroCount(channels));
        return channels << (4 - shift);
    }
}
