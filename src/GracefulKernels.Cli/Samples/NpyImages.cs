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
