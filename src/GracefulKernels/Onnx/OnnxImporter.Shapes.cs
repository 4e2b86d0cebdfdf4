namespace GracefulKernels.Onnx;

/// <summary>What moves activations and computes nothing: flattening, and the slices, pads and joins of shortcuts.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxActivation Flatten(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        int rank = x.Dims.Length + 1;
        long axis = node.Int("axis", 1);
        return (axis < 0 ? axis + rank : axis) == 1
            ? Reshaped(node, x, [OnnxTensor.Product(x.Dims)])
            : throw node.Fail($"flattens from axis {axis}; expected 1: one vector a sample");
    }

    private OnnxActivation Reshape(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        OnnxTensor shape = Tensor(node, 1, "shape");
        if (shape.Integers is not { Length: >= 1 and <= ArrayShape.MaximumRank } wanted) throw node.Fail($"has a shape {shape}; expected a list of whole numbers");
        bool zeroCopies = node.Int("allowzero", 0) == 0;
        if (wanted.Skip(1).Any(i => i.IsBatch)) throw node.Fail("moves the samples to another axis; expected them first");
        long[] rest = [.. wanted.Skip(1).Select((d, i) => d.Value == 0 && zeroCopies && i < x.Dims.Length ? x.Dims[i] : d.Value)];
        OnnxInteger first = wanted[0];
        bool isBatch = first.IsBatch || (first.Value == 0 && zeroCopies) || first.Value == _fixedBatch
            // −1 is what is left of the batch when every other dimension is named and they make up one sample.
            || (first.Value == -1 && ArrayShape.TryCount(rest, out long count) && count == OnnxTensor.Product(x.Dims));
        return isBatch
            ? Reshaped(node, x, Inferred(node, rest, OnnxTensor.Product(x.Dims)))
            : throw node.Fail($"reshapes to [{string.Join(" × ", wanted.Select(w => w.ToString()))}]; expected the samples to stay the first axis");
    }

    private OnnxActivation Squeeze(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        long[] axes = Numbers(node, "axes", 1) ?? throw node.Fail("names no axes; a batch of one sample would lose its own");
        return Reshaped(node, x, Removed(node, [0, .. x.Dims], axes)[1..]);
    }

    private OnnxActivation Unsqueeze(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        int[] dims = Inserted(node, [0, .. x.Dims], Numbers(node, "axes", 1) ?? throw node.Fail("names no axes"));
        return dims[0] == 0 ? Reshaped(node, x, dims[1..]) : throw node.Fail("puts an axis before the samples");
    }

    private OnnxActivation Reshaped(OnnxNode node, OnnxActivation x, int[] dims)
    {
        if (dims.AsSpan().SequenceEqual(x.Dims)) return x;
        LayerOutput layer = Plain(node, x);
        if (dims.Length == 1) return new OnnxActivation(layer.Shape.IsImage ? _builder.Flatten(layer) : layer, dims);
        if (layer.Shape is { IsFlat: true, Pixels: 1 } && dims is [_, 1, 1]) return new OnnxActivation(layer, dims);
        throw node.Fail($"reshapes [{string.Join(" × ", x.Dims)}] of a sample to [{string.Join(" × ", dims)}]; only one vector a sample is supported");
    }

    private OnnxActivation Pad(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        string mode = node.Text("mode", "constant");
        int rank = x.Dims.Length + 1;
        long[] given = Numbers(node, "pads", 1) ?? throw node.Fail("has no pads");
        long[] axes = node.Input(3) is null ? [.. Enumerable.Range(0, rank).Select(i => (long)i)] : Whole(node, 3, "axes");
        float value = node.Has("value") ? node.Float("value", 0) : PadValue(node);
        if (given.Length != 2 * axes.Length) throw node.Fail($"has {given.Length} pads for {axes.Length} axes; expected two of each");
        if (given.Any(p => p is < 0 or > int.MaxValue / 4)) throw node.Fail("has pads that are negative or too large; cropping is not supported");
        int[] before = new int[rank], after = new int[rank];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = Axis(node, axes[i], rank);
            if (before[axis] + after[axis] > 0) throw node.Fail("pads an axis twice");
            (before[axis], after[axis]) = ((int)given[i], (int)given[i + axes.Length]);
        }
        if (given.All(p => p == 0)) return x;
        if (mode != "constant") throw node.Fail($"pads in mode {OnnxNode.Quote(mode)}; only constants are supported");
        if (before[0] + after[0] > 0) throw node.Fail("pads the axis of the samples");
        if (!x.IsImage) throw node.Fail("pads a vector; only images can be padded");
        return Padded(node, x, before, after, value);
    }

    private float PadValue(OnnxNode node)
    {
        OnnxTensor? value = Optional(node, 2, "value");
        if (value is null) return 0;
        return value is { Floats: [float v] } && !float.IsNaN(v) ? v : throw node.Fail($"has a value {value}; expected one number");
    }

    private static OnnxActivation Padded(OnnxNode node, OnnxActivation x, int[] before, int[] after, float value)
    {
        bool channels = before[1] + after[1] > 0, pixels = before[2] + after[2] + before[3] + after[3] > 0;
        if (channels && (value != 0 || (!x.Border.IsNone && x.Border.Value != 0))) throw node.Fail($"pads channels with {value}; only zeros are supported");
        if (pixels && !x.Border.IsNone && x.Border.Value != value) throw node.Fail("pads a padded image with another number");
        // New channels are zero all over, border and inside: they fit with a border of zeros in either order only.
        if (pixels && value != 0 && x.Before + x.After > 0) throw node.Fail("pads an image with new channels with another number than 0");
        OnnxBorder border = x.Border;
        if (pixels)
        {
            border = new OnnxBorder(
                checked(border.Top + before[2]), checked(border.Left + before[3]), checked(border.Bottom + after[2]), checked(border.Right + after[3]), value);
        }
        int[] dims = [.. x.Dims.Select((d, i) => checked(d + before[i + 1] + after[i + 1]))];
        return x.With(dims, x.StrideY, x.StrideX, checked(x.Before + before[1]), checked(x.After + after[1]), border);
    }

    private OnnxActivation Slice(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        int[] dims = [.. x.Dims];
        int strideY = 1, strideX = 1;
        // The number of samples is open: any number will do to see whether all of them are taken.
        int samples = _fixedBatch is > 0 and <= int.MaxValue ? (int)_fixedBatch : int.MaxValue;
        foreach ((int axis, long start, long step, long count) in Ranges(node, [samples, .. x.Dims]))
        {
            int length = axis == 0 ? samples : x.Dims[axis - 1];
            if (start == 0 && step == 1 && count == length) continue;
            bool strides = axis >= 2 && start == 0 && step > 0 && count == (length + step - 1) / step;
            if (!strides || !x.IsImage)
            {
                throw node.Fail($"takes a part of axis {axis}; only every k-th row and column of whole images, as shortcuts use it, are supported");
            }
            dims[axis - 1] = (int)count;
            if (axis == 2) strideY = (int)step;
            else strideX = (int)step;
        }
        if (strideY == 1 && strideX == 1) return x;
        if (!x.Border.IsNone) throw node.Fail("takes every k-th pixel of an image with a border; pad behind the slice");
        return x.With(dims, checked(x.StrideY * strideY), checked(x.StrideX * strideX), x.Before, x.After, x.Border);
    }

    private OnnxActivation Concat(OnnxNode node)
    {
        OnnxValue[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Any(node, i))];
        OnnxActivation? x = parts.OfType<OnnxActivation>().FirstOrDefault();
        if (x is null || parts.Count(p => p is OnnxActivation) != 1 || !x.IsImage || Axis(node, node.Int("axis", 0), 4) != 1)
        {
            throw node.Fail("joins activations; only an image with channels of zeros, as shortcuts use it, is supported");
        }
        int[] before = new int[4], after = new int[4];
        bool seen = false;
        foreach (OnnxValue part in parts)
        {
            if (part == x)
            {
                seen = true;
                continue;
            }
            int[]? dims = part switch
            {
                OnnxZeros z => z.Dims,
                OnnxTensor { IsZero: true, Floats: not null, Dims: [int n, .. int[] rest] } when n == (_fixedBatch ?? 1) => rest,
                _ => null,
            };
            if (dims is not [int channels, int height, int width] || height != x.Dims[1] || width != x.Dims[2])
            {
                throw node.Fail($"joins [{string.Join(" × ", x.Dims)}] of a sample with something else than zeros of the same height and width");
            }
            if (seen) after[1] = checked(after[1] + channels);
            else before[1] = checked(before[1] + channels);
        }
        return before[1] + after[1] == 0 ? x : Padded(node, x, before, after, 0);
    }
}
