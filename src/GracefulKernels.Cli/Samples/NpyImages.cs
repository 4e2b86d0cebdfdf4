namespace GracefulKernels.Cli.Samples;

/// <summary>Images from <c>.npy</c>: [n × features], [n × h × w], [n × h × w × c] or [n × c × h × w], of float32 or uint8.</summary>
internal static class NpyImages
{
    public static Images Read(FileRange range, LayerShape input, FileLayout layout)
    {
        using NpyReader reader = NpyReader.Open(range.Path);
        if (reader.Type is not (ElementType.Float32 or ElementType.UInt8 or ElementType.Float64) || reader.Shape.Count is < 2 or > 4 || reader.RowLength == 0)
        {
            throw new InvalidDataException(
                $"{range.Path}: found {reader.Type.ToString().ToLowerInvariant()} [{string.Join(" × ", reader.Shape)}]; "
                + "expected images [n × h × w × c], [n × c × h × w], [n × h × w] or vectors [n × features] of float32 or uint8.");
        }
        (int first, int count) = range.Of(reader.Rows);
        if (reader.RowLength * count > Array.MaxLength) throw new InvalidDataException($"{range}: {count} images of {reader.RowLength} elements are more than one array holds ({Array.MaxLength}).");
        int a = Dimension(reader, 1), b = Dimension(reader, 2), c = Dimension(reader, 3);
        bool channelsFirst = reader.Shape.Count == 4 && IsChannelsFirst(range.Path, a, b, c, input, layout);
        (int height, int width, int channels) = reader.Shape.Count switch
        {
            2 => (1, 1, a),
            3 => (a, b, 1),
            _ => channelsFirst ? (b, c, a) : (a, b, c),
        };
        int length = (int)(reader.RowLength * count);
        if (reader.Type == ElementType.UInt8)
        {
            byte[] bytes = new byte[length];
            reader.ReadRows(first, bytes.AsSpan());
            return new Images(range.ToString(), count, height, width, channels, channelsFirst ? ChannelsLast(bytes, count, channels, height * width) : bytes, null);
        }
        float[] floats = new float[length];
        reader.ReadRowsAsFloats(first, floats);
        return new Images(range.ToString(), count, height, width, channels, null, channelsFirst ? ChannelsLast(floats, count, channels, height * width) : floats);
    }

    /// <summary>Some images of a stretch that must have <paramref name="count"/>; only they are read.</summary>
    public static Images ReadRows(FileRange range, long count, ReadOnlySpan<long> rows, FileLayout layout)
    {
        int first;
        using (NpyReader reader = NpyReader.Open(range.Path)) first = range.FirstOf(reader.Rows, count);
        // What a network's input would decide is left to the usual look of images.
        LayerShape unknown = new(0, 0, 0, IsFlat: false);
        if (rows.IsEmpty) return Read(range with { First = first, Last = first + Math.Min(1, count) }, unknown, layout);
        List<Images> all = [];
        foreach (long row in rows) all.Add(Read(range with { First = first + row, Last = first + row + 1 }, unknown, layout));
        Images one = all[0];
        (int height, int width, int channels) = (one.Height, one.Width, one.Channels);
        if (height * width == 1)
        {
            int side = (int)Math.Round(Math.Sqrt(channels));
            if (side * side != channels) throw new InvalidDataException($"{range}: found vectors of {channels} features; expected images, or vectors of a square number of pixels.");
            (height, width, channels) = (side, side, 1);
        }
        return new Images(
            range.ToString(), all.Count, height, width, channels,
            one.Bytes is null ? null : [.. all.SelectMany(i => i.Bytes!)], one.Floats is null ? null : [.. all.SelectMany(i => i.Floats!)]);
    }

    private static int Dimension(NpyReader reader, int index)
    {
        long length = reader.Shape.Count > index ? reader.Shape[index] : 1;
        return length <= int.MaxValue ? (int)length : throw new InvalidDataException($"{reader.FilePath}: dimension {index} is {length}; expected at most {int.MaxValue}.");
    }

    /// <summary>A file does not say which dimension holds the channels: the network's input decides, then what images usually look like.</summary>
    private static bool IsChannelsFirst(string path, int a, int b, int c, LayerShape input, FileLayout layout)
    {
        if (layout != FileLayout.Auto) return layout == FileLayout.Nchw;
        bool first = (b, c, a) == (input.Height, input.Width, input.Channels), last = (a, b, c) == (input.Height, input.Width, input.Channels);
        if (first != last) return first;
        bool firstLooks = a is 1 or 3 or 4, lastLooks = c is 1 or 3 or 4;
        if (firstLooks != lastLooks) return firstLooks;
        throw new InvalidDataException($"{path}: images of [{a} × {b} × {c}] may have their channels first or last. Say --layout nchw or --layout nhwc.");
    }

    private static T[] ChannelsLast<T>(T[] values, int count, int channels, int pixels)
    {
        T[] result = new T[values.Length];
        for (int i = 0; i < count; i++)
        {
            int at = i * channels * pixels;
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < pixels; p++) result[at + (p * channels) + c] = values[at + (c * pixels) + p];
            }
        }
        return result;
    }
}
