namespace GracefulKernels.Onnx;

/// <summary>Constants and what exporters compute from them: mostly shapes.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxTensor Constant(OnnxNode node)
    {
        if (node.Tensor("value") is { } t)
        {
            // Its own name says nothing; a weight is called after the value it is read by.
            OnnxTensor read = _reader.Read(t, $"the constant of node {OnnxNode.Quote(node.Name)}");
            string? name = node.Outputs.Count > 0 ? node.Outputs[0] : null;
            return read.Floats is not null ? new(read.Dims, read.Floats, name) : read;
        }
        if (node.Has("value_float")) return new([], new[] { node.Float("value_float", 0) });
        if (node.Floats("value_floats") is { } floats) return new([floats.Length], floats);
        if (node.Has("value_int")) return new([], new OnnxInteger[] { node.Int("value_int", 0) });
        if (node.Ints("value_ints") is { } ints) return new([ints.Length], Array.ConvertAll(ints, v => (OnnxInteger)v));
        throw node.Fail("holds no dense numbers; expected value, value_float, value_floats, value_int or value_ints");
    }

    private OnnxTensor Shape(OnnxNode node)
    {
        OnnxInteger[] shape = Any(node, 0) switch
        {
            OnnxTensor t => [.. t.Dims.Select(d => (OnnxInteger)d)],
            OnnxActivation a => [OnnxInteger.Batch, .. a.Dims.Select(d => (OnnxInteger)d)],
            OnnxZeros z => [OnnxInteger.Batch, .. z.Dims.Select(d => (OnnxInteger)d)],
            _ => throw node.Fail("asks for the shape of nothing"),
        };
        long start = node.Int("start", 0), end = node.Int("end", shape.Length);
        int from = (int)Math.Clamp(start < 0 ? start + shape.Length : start, 0, shape.Length);
        int to = (int)Math.Clamp(end < 0 ? end + shape.Length : end, from, shape.Length);
        return OnnxTensor.Vector(shape[from..to]);
    }

    /// <summary>A node all of whose inputs are constants.</summary>
    private OnnxValue Fold(OnnxNode node) => node.Operator switch
    {
        "Gather" => FoldGather(node),
        "Unsqueeze" => FoldUnsqueeze(node),
        "Squeeze" => FoldSqueeze(node),
        "Reshape" => FoldReshape(node),
        "Flatten" => FoldFlatten(node),
        "ConstantOfShape" => ConstantOfShape(node),
        "Expand" => FoldExpand(node),
        "Slice" => FoldSlice(node),
        "Transpose" => FoldTranspose(node),
        "Cast" => FoldCast(node),
        "Concat" => FoldConcat(node),
        "Add" => FoldArithmetic(node, (a, b) => a + b, (a, b) => checked(a + b), neutral: 0),
        "Sub" => FoldArithmetic(node, (a, b) => a - b, (a, b) => checked(a - b), neutral: 0, onlyRight: true),
        "Mul" => FoldArithmetic(node, (a, b) => a * b, (a, b) => checked(a * b), neutral: 1),
        "Div" => FoldArithmetic(node, (a, b) => a / b, (a, b) => b == 0 ? throw node.Fail("divides by zero") : checked(a / b), neutral: 1, onlyRight: true),
        _ => throw node.Fail("computes with constants in a way that is not known here; simplify the model (onnxsim, or the exporter's constant folding) first"),
    };

    /// <summary>Room for the result, charged against what the file may ask for.</summary>
    private int[] Room(OnnxNode node, params ReadOnlySpan<long> dims)
    {
        if (dims.Length > ArrayShape.MaximumRank || !ArrayShape.TryCount(dims, out long count) || !_reader.Charge(count) || dims.ContainsAnyExceptInRange(0, int.MaxValue))
        {
            throw node.Fail($"makes a constant {ArrayShape.Print(dims[..Math.Min(dims.Length, ArrayShape.MaximumRank)])}, more than the file may ask for");
        }
        int[] result = new int[dims.Length];
        for (int i = 0; i < result.Length; i++) result[i] = (int)dims[i];
        return result;
    }

    private OnnxTensor FoldGather(OnnxNode node)
    {
        OnnxTensor data = Tensor(node, 0, "data"), at = Tensor(node, 1, "indices");
        long[] indices = Whole(node, 1, "indices");
        if (data.Dims.Length == 0) throw node.Fail("gathers from a single number");
        int axis = Axis(node, node.Int("axis", 0), data.Dims.Length), length = data.Dims[axis];
        int outer = OnnxTensor.Product(data.Dims.AsSpan(0, axis)), inner = OnnxTensor.Product(data.Dims.AsSpan(axis + 1));
        int[] dims = Room(node, [.. data.Dims[..axis], .. at.Dims, .. data.Dims[(axis + 1)..]]);
        int[] map = new int[OnnxTensor.Product(dims)];
        int k = 0;
        for (int o = 0; o < outer; o++)
        {
            foreach (long index in indices)
            {
                long i = index < 0 ? index + length : index;
                if (i < 0 || i >= length) throw node.Fail($"gathers element {index} of {length}");
                for (int e = 0; e < inner; e++) map[k++] = (int)((((o * (long)length) + i) * inner) + e);
            }
        }
        return data.Pick(dims, map);
    }

    private OnnxTensor FoldUnsqueeze(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        return x.WithDims(Inserted(node, x.Dims, Numbers(node, "axes", 1) ?? throw node.Fail("names no axes")));
    }

    private OnnxTensor FoldSqueeze(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        long[]? axes = Numbers(node, "axes", 1);
        return x.WithDims(axes is null ? [.. x.Dims.Where(d => d != 1)] : Removed(node, x.Dims, axes));
    }

    private static int[] Inserted(OnnxNode node, int[] dims, long[] axes)
    {
        int rank = dims.Length + axes.Length;
        if (rank > ArrayShape.MaximumRank) throw node.Fail($"makes {rank} dimensions; expected at most {ArrayShape.MaximumRank}");
        HashSet<int> at = [.. axes.Select(a => Axis(node, a, rank))];
        if (at.Count != axes.Length) throw node.Fail("names an axis twice");
        int next = 0;
        return [.. Enumerable.Range(0, rank).Select(i => at.Contains(i) ? 1 : dims[next++])];
    }

    private static int[] Removed(OnnxNode node, int[] dims, long[] axes)
    {
        HashSet<int> at = [.. axes.Select(a => Axis(node, a, dims.Length))];
        if (at.Any(a => dims[a] != 1)) throw node.Fail($"squeezes an axis of [{string.Join(" × ", dims)}] that is not 1");
        return [.. dims.Where((_, i) => !at.Contains(i))];
    }

    private OnnxTensor FoldReshape(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        long[] wanted = Whole(node, 1, "shape");
        bool zeroCopies = node.Int("allowzero", 0) == 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == 0 && zeroCopies) wanted[i] = i < x.Dims.Length ? x.Dims[i] : throw node.Fail("copies a dimension that is not there");
        }
        return x.WithDims(Inferred(node, wanted, x.Count));
    }

    /// <summary>Dimensions of which one may be −1 and follows from the others.</summary>
    private static int[] Inferred(OnnxNode node, long[] wanted, int count)
    {
        int open = Array.IndexOf(wanted, -1L);
        long known = 0;
        bool fits = wanted.Length <= ArrayShape.MaximumRank && ArrayShape.TryCount([.. wanted.Where((_, i) => i != open)], out known);
        if (fits && open >= 0)
        {
            fits = known > 0 && count % known == 0;
            if (fits) wanted[open] = count / known;
        }
        else
        {
            fits &= known == count;
        }
        if (!fits) throw node.Fail($"reshapes {count} elements to {ArrayShape.Print(wanted.AsSpan(0, Math.Min(wanted.Length, ArrayShape.MaximumRank)))}");
        return [.. wanted.Select(d => checked((int)d))];
    }

    private OnnxTensor FoldFlatten(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        long axis = node.Int("axis", 1);
        int at = axis == x.Dims.Length ? x.Dims.Length : Axis(node, axis, x.Dims.Length);
        return x.WithDims([OnnxTensor.Product(x.Dims.AsSpan(0, at)), OnnxTensor.Product(x.Dims.AsSpan(at))]);
    }

    private OnnxValue ConstantOfShape(OnnxNode node)
    {
        OnnxTensor shape = Tensor(node, 0, "shape");
        if (shape.Integers is null || shape.Dims.Length != 1) throw node.Fail($"takes a list of whole numbers; its shape is {shape}");
        OnnxTensor value = node.Tensor("value") is { } t ? _reader.Read(t, $"the value of node {OnnxNode.Quote(node.Name)}") : new OnnxTensor([1], [0f]);
        if (value.Count != 1) throw node.Fail($"has {value.Count} values; expected one");
        if (shape.Integers.Any(i => i.IsBatch)) return PerSample(node, shape.Integers, value);
        int[] dims = Room(node, [.. shape.Integers.Select(i => i.Value)]);
        return value.View(dims, new long[dims.Length]);
    }

    private static OnnxZeros PerSample(OnnxNode node, OnnxInteger[] shape, OnnxTensor value)
    {
        if (!shape[0].IsBatch || shape.Skip(1).Any(i => i.IsBatch || i.Value is < 1 or > int.MaxValue) || !value.IsZero || value.Floats is null)
        {
            throw node.Fail($"makes [{string.Join(" × ", shape)}] of something; with the number of samples in it only zeros, and only first, are known here");
        }
        return new OnnxZeros([.. shape.Skip(1).Select(i => (int)i.Value)]);
    }

    private OnnxValue FoldExpand(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data"), shape = Tensor(node, 1, "shape");
        if (shape.Integers is null || shape.Dims.Length != 1) throw node.Fail($"takes a list of whole numbers; its shape is {shape}");
        if (shape.Integers.Any(i => i.IsBatch)) return x.Count == 1 ? PerSample(node, shape.Integers, x) : throw node.Fail("repeats a constant for each sample");
        int rank = Math.Max(x.Dims.Length, shape.Count);
        if (rank > ArrayShape.MaximumRank) throw node.Fail($"makes {rank} dimensions; expected at most {ArrayShape.MaximumRank}");
        long[] dims = new long[rank];
        for (int k = 1; k <= rank; k++)
        {
            long own = k <= x.Dims.Length ? x.Dims[^k] : 1, asked = k <= shape.Count ? shape.Integers[^k].Value : 1;
            dims[^k] = own == 1 ? asked : own;
        }
        int[] to = Room(node, dims);
        return x.View(to, x.Broadcast(to) ?? throw node.Fail($"expands {x}"));
    }

    private OnnxTensor FoldSlice(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        long[] strides = OnnxTensor.Strides(x.Dims), dims = [.. x.Dims.Select(d => (long)d)];
        long offset = 0;
        foreach ((int axis, long start, long step, long count) in Ranges(node, x.Dims))
        {
            offset += start * strides[axis];
            strides[axis] *= step;
            dims[axis] = count;
        }
        int[] to = Room(node, dims);
        return x.View(to, strides, offset);
    }

    /// <summary>What a Slice takes of each axis that it names: first element, step, number.</summary>
    private List<(int Axis, long Start, long Step, long Count)> Ranges(OnnxNode node, int[] dims)
    {
        long[] starts = Numbers(node, "starts", 1) ?? throw node.Fail("has no starts"), ends = Numbers(node, "ends", 2) ?? throw node.Fail("has no ends");
        long[] axes = Numbers(node, "axes", 3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = node.Input(4) is null ? [.. starts.Select(_ => 1L)] : Whole(node, 4, "steps");
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
        {
            throw node.Fail($"has {starts.Length} starts, {ends.Length} ends, {axes.Length} axes and {steps.Length} steps; expected as many of each");
        }
        var ranges = new List<(int, long, long, long)>();
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = Axis(node, axes[i], dims.Length), d = dims[axis];
            if (ranges.Any(r => r.Item1 == axis)) throw node.Fail("slices an axis twice");
            if (steps[i] == 0) throw node.Fail("has a step of 0");
            // Longer steps than this take one element as well, and cannot overflow.
            long step = Math.Clamp(steps[i], -int.MaxValue, int.MaxValue), start = starts[i] < 0 ? starts[i] + d : starts[i], end = ends[i] < 0 ? ends[i] + d : ends[i];
            start = step > 0 ? Math.Clamp(start, 0, d) : Math.Clamp(start, -1, d - 1);
            end = step > 0 ? Math.Clamp(end, 0, d) : Math.Clamp(end, -1, d - 1);
            long count = step > 0 ? (end > start ? 1 + ((end - start - 1) / step) : 0) : (start > end ? 1 + ((start - end - 1) / -step) : 0);
            ranges.Add((axis, count == 0 ? 0 : start, step, count));
        }
        return ranges;
    }

    private OnnxTensor FoldTranspose(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        int rank = x.Dims.Length;
        long[] order = node.Ints("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(i => (long)i)];
        if (!order.Order().SequenceEqual(Enumerable.Range(0, rank).Select(i => (long)i))) throw node.Fail($"orders {rank} axes as [{string.Join(", ", order.Take(rank + 1))}]");
        long[] strides = OnnxTensor.Strides(x.Dims);
        int[] to = Room(node, [.. order.Select(i => (long)x.Dims[i])]);
        return x.View(to, [.. order.Select(i => strides[i])]);
    }

    private OnnxTensor FoldCast(OnnxNode node)
    {
        OnnxTensor x = Tensor(node, 0, "data");
        node.PassOver("saturate", "round_mode");
        var to = (TensorProto.Types.DataType)node.Int("to", 0);
        switch (to)
        {
            case TensorProto.Types.DataType.Float when x.Floats is not null: return x;
            case TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Bool or TensorProto.Types.DataType.Float: break;
            default: throw node.Fail($"casts a constant to {to}; expected Float, Int32, Int64 or Bool");
        }
        _ = Room(node, x.Count);
        if (to == TensorProto.Types.DataType.Float)
        {
            if (x.Integers!.Any(i => i.IsBatch)) throw node.Fail("computes with the number of samples");
            return new OnnxTensor(x.Dims, Array.ConvertAll(x.Integers!, i => (float)i.Value), x.Name);
        }
        if (x.Floats is not null && !x.Floats.All(v => Math.Abs(v) < (1L << 53))) throw node.Fail("casts a number that no integer holds");
        OnnxInteger[] whole = x.Integers ?? Array.ConvertAll(x.Floats!, v => (OnnxInteger)(long)v);
        if (to == TensorProto.Types.DataType.Int32 && whole.Any(i => i.Value != (int)i.Value)) throw node.Fail("casts a number to Int32 that is larger");
        if (to == TensorProto.Types.DataType.Bool)
        {
            if (whole.Any(i => i.IsBatch)) throw node.Fail("decides by the number of samples");
            whole = x.Floats is null ? Array.ConvertAll(whole, i => (OnnxInteger)(i.Value != 0 ? 1 : 0)) : Array.ConvertAll(x.Floats, v => (OnnxInteger)(v != 0 ? 1 : 0));
        }
        return new OnnxTensor(x.Dims, whole);
    }

    private OnnxTensor FoldConcat(OnnxNode node)
    {
        OnnxTensor[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Tensor(node, i, "parts"))];
        int rank = parts[0].Dims.Length, axis = Axis(node, node.Int("axis", 0), rank);
        bool whole = parts[0].Integers is not null;
        foreach (OnnxTensor p in parts)
        {
            if (p.Integers is not null != whole) throw node.Fail("joins whole numbers and floating point");
            if (p.Dims.Length != rank || p.Dims.Where((d, k) => k != axis && d != parts[0].Dims[k]).Any()) throw node.Fail($"joins {parts[0]} and {p}");
        }
        int[] dims = Room(node, [.. parts[0].Dims.Select((d, k) => k == axis ? parts.Sum(p => (long)p.Dims[k]) : d)]);
        int outer = OnnxTensor.Product(dims.AsSpan(0, axis));
        return whole
            ? new OnnxTensor(dims, Joined(parts, outer, p => p.Integers!, OnnxTensor.Product(dims)))
            : new OnnxTensor(dims, Joined(parts, outer, p => p.Floats!, OnnxTensor.Product(dims)));
    }

    private static T[] Joined<T>(OnnxTensor[] parts, int outer, Func<OnnxTensor, T[]> values, int count)
    {
        var joined = new T[count];
        int at = 0;
        for (int o = 0; o < outer; o++)
        {
            foreach (OnnxTensor p in parts)
            {
                int row = p.Count / outer;
                values(p).AsSpan(o * row, row).CopyTo(joined.AsSpan(at));
                at += row;
            }
        }
        return joined;
    }

    /// <param name="neutral">The other operand that leaves the number of samples what it is.</param>
    private OnnxTensor FoldArithmetic(OnnxNode node, Func<float, float, float> floats, Func<long, long, long> integers, long neutral, bool onlyRight = false)
    {
        OnnxTensor a = Tensor(node, 0, "left operand"), b = Tensor(node, 1, "right operand");
        if (a.Floats is not null != b.Floats is not null) throw node.Fail("computes with whole numbers and floating point");
        long[] dims = new long[Math.Max(a.Dims.Length, b.Dims.Length)];
        for (int k = 1; k <= dims.Length; k++)
        {
            int left = k <= a.Dims.Length ? a.Dims[^k] : 1, right = k <= b.Dims.Length ? b.Dims[^k] : 1;
            dims[^k] = left == 1 ? right : left;
        }
        int[] to = Room(node, dims);
        if (a.Broadcast(to) is not { } sa || b.Broadcast(to) is not { } sb) throw node.Fail($"combines {a} and {b}");
        _ = Room(node, 2L * OnnxTensor.Product(to));
        a = a.View(to, sa);
        b = b.View(to, sb);
        if (a.Floats is not null) return new OnnxTensor(to, [.. a.Floats.Zip(b.Floats!, floats)]);
        return new OnnxTensor(to, [.. a.Integers!.Zip(b.Integers!, (x, y) =>
        {
            if (x.IsBatch && !y.IsBatch && y.Value == neutral) return x;
            if (y.IsBatch && !x.IsBatch && x.Value == neutral && !onlyRight) return y;
            return x.IsBatch || y.IsBatch ? throw node.Fail("computes with the number of samples") : (OnnxInteger)integers(x.Value, y.Value);
        })]);
    }
}
