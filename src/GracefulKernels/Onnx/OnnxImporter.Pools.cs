using GracefulKernels.Kernels;

namespace GracefulKernels.Onnx;

/// <summary>Where the taps of a convolution or pool lie.</summary>
internal readonly record struct OnnxWindow(
    int Height, int Width, int StrideY, int StrideX, int Top, int Left, int Bottom, int Right, int DilationY, int DilationX);

/// <summary>Pools and means over pixels, and the windows that convolutions share with them.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxActivation MaxPool(OnnxNode node)
    {
        (OnnxActivation x, OnnxWindow at) = Pool(node);
        if (node.Int("storage_order", 0) != 0) throw node.Fail("counts places column by column (storage_order = 1)");
        LayerOutput input = x.Inside(node, _builder);
        // Padding is outside every maximum. A border of zeros is so too behind a ReLU: nothing there is smaller.
        bool outside = x.Border.IsNone || x.Border.Value <= float.MinValue || (x.Border.Value == 0 && _builder.IsNeverNegative(input));
        if (!outside) throw node.Fail($"takes the maximum over an image with a border of {x.Border.Value}; expected the pool's own pads, or -inf");
        return Of(_builder.MaxPool(input, Shape(node, input, at, countPadding: true)));
    }

    private OnnxActivation AveragePool(OnnxNode node)
    {
        (OnnxActivation x, OnnxWindow at) = Pool(node);
        bool counts = node.Int("count_include_pad", 0) != 0;
        if (!x.Border.IsNone)
        {
            bool pads = at.Top != x.Border.Top || at.Left != x.Border.Left || at.Bottom != x.Border.Bottom || at.Right != x.Border.Right;
            if (x.Border.Value != 0 || (pads && !counts))
            {
                throw node.Fail("averages over an image with a border that its own padding cannot be; expected zeros that count (count_include_pad = 1)");
            }
            counts = true;
        }
        LayerOutput input = x.Inside(node, _builder);
        return Of(_builder.MeanPool(input, Shape(node, input, at, counts)));
    }

    private (OnnxActivation X, OnnxWindow At) Pool(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        if (!x.IsImage) throw NotAnImage(node, x);
        return (x, Window(node, x, null));
    }

    private static PoolShape Shape(OnnxNode node, LayerOutput x, OnnxWindow at, bool countPadding)
    {
        if (at.DilationY != 1 || at.DilationX != 1) throw node.Fail("has dilations; only pools without are supported");
        return new PoolShape(
            1, x.Shape.Height, x.Shape.Width, x.Shape.Channels, at.Height, at.Width, at.StrideY, at.StrideX, at.Top, at.Left, at.Bottom, at.Right, countPadding);
    }

    /// <param name="kernel">Of a convolution: its weights say it; a pool has it as an attribute.</param>
    private static OnnxWindow Window(OnnxNode node, OnnxActivation x, (int Height, int Width)? kernel)
    {
        long[]? named = node.Ints("kernel_shape");
        if (named is not null && named.Length != 2) throw node.Fail($"has a kernel of {named.Length} dimensions; expected 2");
        if (kernel is { } k && named is not null && (named[0] != k.Height || named[1] != k.Width))
        {
            throw node.Fail($"has kernel_shape {named[0]} × {named[1]}; its weights are {k.Height} × {k.Width}");
        }
        long[] size = named ?? (kernel is { } own ? [own.Height, own.Width] : throw node.Fail("has no kernel_shape"));
        long[] strides = Pair(node, "strides"), dilations = Pair(node, "dilations");
        long[] given = node.Ints("pads") ?? [0, 0, 0, 0];
        if (given.Length != 4 || given.Any(p => p is < 0 or > int.MaxValue / 4)) throw node.Fail("has pads that are not four numbers ≥ 0 (top, left, bottom, right)");
        if (size.Any(s => s is < 1 or > int.MaxValue)) throw node.Fail($"has a kernel of {size[0]} × {size[1]}");
        string auto = node.Text("auto_pad", "NOTSET");
        bool ceil = node.Int("ceil_mode", 0) != 0;
        int[] border = [x.Border.Top, x.Border.Left, x.Border.Bottom, x.Border.Right];
        int[] pads = new int[4];
        for (int axis = 0; axis < 2; axis++)
        {
            long reach = checked((dilations[axis] * (size[axis] - 1)) + 1);
            // What waits before this node is part of the image that it sees.
            long length = x.Dims[axis + 1];
            (long before, long after) = Padding(node, auto, length, reach, strides[axis], given[axis], given[axis + 2]);
            if (length + before + after < reach) throw node.Fail($"reaches over {reach} pixels; its input is [{string.Join(" × ", x.Dims)}] with {before} and {after} around");
            if (ceil) after = Ceiling(node, length, before, after, reach, strides[axis], kernel is null && node.Operator == "MaxPool");
            pads[axis] = checked((int)(before + border[axis]));
            pads[axis + 2] = checked((int)(after + border[axis + 2]));
        }
        return new OnnxWindow((int)size[0], (int)size[1], (int)strides[0], (int)strides[1], pads[0], pads[1], pads[2], pads[3], (int)dilations[0], (int)dilations[1]);
    }

    private static (long Before, long After) Padding(OnnxNode node, string auto, long length, long reach, long stride, long before, long after)
    {
        switch (auto)
        {
            case "NOTSET": return (before, after);
            case "VALID": return (0, 0);
            case "SAME_UPPER" or "SAME_LOWER":
                long total = Math.Max(0, (((length + stride - 1) / stride) - 1) * stride + reach - length);
                return auto == "SAME_UPPER" ? (total / 2, total - (total / 2)) : (total - (total / 2), total / 2);
            default: throw node.Fail($"has auto_pad = {OnnxNode.Quote(auto)}");
        }
    }

    /// <summary>Windows that hang over the far edge (ceil_mode): for a maximum the same as so much more padding there.</summary>
    private static long Ceiling(OnnxNode node, long length, long before, long after, long reach, long stride, bool isMaximum)
    {
        long over = (length + before + after - reach) % stride;
        if (over == 0) return after;
        long last = length + before + after - reach - over + stride;
        // A window that begins behind the image and its near padding is left out.
        if (last >= length + before) return after;
        return isMaximum ? after - over + stride : throw node.Fail("lets windows hang over the edge (ceil_mode = 1) where that changes means; export with ceil_mode = 0");
    }

    private static long[] Pair(OnnxNode node, string name)
    {
        long[] pair = node.Ints(name) ?? [1, 1];
        return pair.Length == 2 && pair.All(v => v is > 0 and <= int.MaxValue) ? pair : throw node.Fail($"has {name} that are not two positive numbers");
    }

    private OnnxActivation ReduceMean(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        bool keep = node.Int("keepdims", 1) != 0;
        long[]? axes = Numbers(node, "axes", 1);
        if (axes is null or [] && node.Int("noop_with_empty_axes", 0) != 0) return x;
        node.PassOver("noop_with_empty_axes");
        int[] named = [.. (axes ?? []).Select(a => Axis(node, a, x.Dims.Length + 1)).Order()];
        if (x.Dims.Length != 3 || !named.AsSpan().SequenceEqual([2, 3])) throw node.Fail("averages over other axes than height and width; only means over pixels are supported");
        return GlobalMean(node, keep);
    }

    private OnnxActivation GlobalMean(OnnxNode node, bool keepDims)
    {
        OnnxActivation x = Activation(node, 0);
        if (x.Dims.Length != 3) throw NotAnImage(node, x);
        LayerOutput y = x.IsImage ? _builder.GlobalMean(Plain(node, x)) : x.Layer;
        return new OnnxActivation(y, keepDims ? [x.Dims[0], 1, 1] : [x.Dims[0]]);
    }
}
