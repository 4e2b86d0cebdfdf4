using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Outputs up to which a weight gradient is computed transposed: tiles have 64 rows or more, but 16 columns.</summary>
    private const int FewOutputs = 32;

    public void ConvolutionForward(in ConvolutionShape shape, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => Convolve(shape, products: 1, x, w, default, default, y, epilogue);

    public void ConvolutionForwardPair(
        in ConvolutionShape shape, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue)
        => Convolve(shape, products: 2, x1, w1, x2, w2, y, epilogue);

    public void ConvolutionInputGradient(in ConvolutionShape shape, Block<float> dy, Block<float> w, float beta, Block<float> dx)
    {
        if (shape.InputLength == 0) return;
        if (shape.IsPlainProduct)
        {
            Gemm(new GemmShape(shape.Batch * shape.Positions, shape.InChannels, shape.OutChannels), 1f, dy, w, beta, dx, default);
            return;
        }
        using GpuCall call = Begin();
        int pixels = checked(shape.Batch * shape.Height * shape.Width);
        MatrixOutput output = OutputOf(call, pixels, shape.InChannels, shape.InChannels, 1f, beta, dx, default);
        ArrayView<float> source = call.Read(dy), weights = call.Read(w);
        for (int y = 0; y < Math.Min(shape.StrideY, shape.Height); y++)
        {
            for (int x = 0; x < Math.Min(shape.StrideX, shape.Width); x++) InputGradientPhase(call, shape, source, weights, output, y, x);
        }
    }

    public void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw)
    {
        int patch = shape.PatchLength, outputs = shape.OutChannels, positions = checked(shape.Batch * shape.Positions);
        if (patch == 0 || outputs == 0) return;
        if (shape.IsPlainProduct && outputs > FewOutputs)
        {
            Gemm(new GemmShape(outputs, patch, positions, transposeA: true), 1f, dy, x, beta, dw, default);
            return;
        }
        using GpuCall call = Begin();
        AcrossInner gradient = Across(call.Read(dy), outputs, positions, outputs);
        var patches = new PatchesAcross { Images = ImagePatches.Of(call.Read(x), shape), Ones = -1 };
        if (outputs <= FewOutputs)
        {
            TransposedWeightGradient(call, patches, gradient, beta, beta == 0 ? call.Write(dw) : call.Update(dw));
            return;
        }
        GpuProductPlan plan = GpuProductPlan.Choose(outputs, patch, positions, 1, Units, lower: false);
        // The narrowest tiles are those of the transposed gradient; patches so short are rare.
        if (plan.Tile is GpuTileSize.Tile128x32 or GpuTileSize.Tile128x16)
        {
            plan = GpuProductPlan.For(GpuTileSize.Tile64x64, outputs, patch, positions, 1, Units, lower: false);
        }
        RunProduct(
            call,
            ConvolutionGpuKernels.WeightGradient(plan.Tile),
            plan,
            1,
            new() { A = gradient, B = patches, SecondA = gradient, SecondB = patches },
            OutputOf(call, outputs, patch, patch, 1f, beta, dw, default));
    }

    private void Convolve(
        in ConvolutionShape s, int products, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue)
    {
        int rows = checked(s.Batch * s.Positions), columns = s.OutChannels, patch = s.PatchLength;
        if (s.IsPlainProduct)
        {
            Product(new GemmShape(rows, columns, patch, transposeB: true), products, 1f, x1, w1, x2, w2, 0f, y, epilogue);
            return;
        }
        if (rows == 0 || columns == 0) return;
        using GpuCall call = Begin();
        MatrixOutput output = OutputOf(call, rows, columns, columns, 1f, 0f, y, epilogue);
        var a = new PatchesAlong { Images = ImagePatches.Of(call.Read(x1), s) };
        PatchesAlong secondA = products == 2 ? new() { Images = ImagePatches.Of(call.Read(x2), s) } : a;
        AlongInner b = Along(call.Read(w1), columns, patch, patch);
        AlongInner secondB = products == 2 ? Along(call.Read(w2), columns, patch, patch) : b;
        GpuProductPlan plan = GpuProductPlan.Choose(rows, columns, patch, products, Units, lower: false);
        RunProduct(call, ConvolutionGpuKernels.Forward(plan.Tile), plan, products, new() { A = a, B = b, SecondA = secondA, SecondB = secondB }, output);
    }

    /// <summary>
    /// The pixels that leave the remainders (<paramref name="y"/>, <paramref name="x"/>) by the stride: they meet the same taps, so together they are one
    /// convolution of dy with stride 1, without a product that is zero by the stride.
    /// </summary>
    private void InputGradientPhase(in GpuCall call, in ConvolutionShape s, ArrayView<float> dy, ArrayView<float> w, MatrixOutput output, int y, int x)
    {
        Residue ry = Residue.Of(y, s.PadTop, s.StrideY, s.DilationY, s.KernelHeight);
        Residue rx = Residue.Of(x, s.PadLeft, s.StrideX, s.DilationX, s.KernelWidth);
        int lines = (s.Height - y + s.StrideY - 1) / s.StrideY, across = (s.Width - x + s.StrideX - 1) / s.StrideX;
        output.Rows = s.Batch * lines * across;
        if (s.StrideY > 1 || s.StrideX > 1)
        {
            output.Map = RowMap.Of(lines, across, (y * s.Width) + x, s.Height * s.Width, s.StrideY * s.Width, s.StrideX);
        }
        WeightsByTap b = WeightsByTap.Of(w, s, ry, rx);
        // Pixels without taps that keep what they have.
        if (b.Inner == 0 && output.Beta == 1f) return;
        var a = new PatchesAlong
        {
            Images = ImagePatches.Of(
                dy,
                s.Batch,
                s.OutChannels,
                new TapAxis(s.OutHeight, lines, 1, ry.Start, ry.SourceStep, ry.Count),
                new TapAxis(s.OutWidth, across, 1, rx.Start, rx.SourceStep, rx.Count)),
        };
        GpuProductPlan plan = GpuProductPlan.Choose(output.Rows, s.InChannels, b.Inner, 1, Units, lower: false);
        RunProduct(call, ConvolutionGpuKernels.InputGradient(plan.Tile), plan, 1, new() { A = a, B = b, SecondA = a, SecondB = b }, output);
    }

    /// <summary>The gradient as [patch × out], in slices, and their sum the other way round.</summary>
    private void TransposedWeightGradient(in GpuCall call, PatchesAcross patches, AcrossInner gradient, float beta, ArrayView<float> dw)
    {
        int patch = patches.Images.Length, outputs = gradient.Rows;
        GpuProductPlan plan = GpuProductPlan.Choose(patch, outputs, gradient.Inner, 1, Units, lower: false);
        int ld = (outputs + 3) & ~3;
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Slices, (long)plan.Slices * patch * ld);
        call.Launch(
            outputs <= 16 ? ConvolutionGpuKernels.TransposedWeightGradient128x16 : ConvolutionGpuKernels.TransposedWeightGradient128x32,
            new Index3D(plan.Tiles, plan.Slices, 1),
            new()
            {
                A = patches,
                B = gradient,
                SecondA = patches,
                SecondB = gradient,
                Output = PartialOutput(partial, patch, ld, lower: 0),
                ColumnTiles = plan.ColumnTiles,
                Blocks = plan.Blocks,
                AllBlocks = plan.Blocks,
                SliceBlocks = plan.SliceBlocks,
            });
        call.Launch(
            ConvolutionGpuKernels.SumTransposed,
            checked((int)((((long)patch * ld) + GroupSize - 1) / GroupSize)),
            new() { Partial = partial, Weights = dw, Patch = patch, Outputs = outputs, Ld = ld, Slices = plan.Slices, Beta = beta });
    }
}
