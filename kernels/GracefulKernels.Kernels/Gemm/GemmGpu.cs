using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Multiprocessors that plans of products count on. Tests set it, to run on a small device what a large one would run.</summary>
    internal int PlannedUnits { get; set; }

    public void Gemm(in GemmShape shape, float alpha, Block<float> a, Block<float> b, float beta, Block<float> c, in Epilogue epilogue)
        => Product(shape, products: 1, alpha, a, b, default, default, beta, c, epilogue);

    public void GemmPair(
        in GemmShape shape, Block<float> a1, Block<float> b1, Block<float> a2, Block<float> b2, float beta, Block<float> c, in Epilogue epilogue)
        => Product(shape, products: 2, 1f, a1, b1, a2, b2, beta, c, epilogue);

    /// <summary>
    /// Runs a product by its plan: straight to the output, or in slices to scratch memory and their sum to the output.
    /// <paramref name="g"/> has its operands.
    /// </summary>
    internal void RunProduct<TA, TB>(
        in GpuCall call, GpuKernel<ProductArguments<TA, TB, MatrixOutput>> kernel, in GpuProductPlan plan, int products, ProductArguments<TA, TB, MatrixOutput> g, in MatrixOutput output)
        where TA : struct
        where TB : struct
    {
        g.ColumnTiles = output.Lower != 0 ? 0 : plan.ColumnTiles;
        g.Blocks = plan.Blocks;
        g.AllBlocks = plan.Blocks * products;
        g.SliceBlocks = plan.SliceBlocks;
        g.Output = output;
        if (plan.Slices == 1)
        {
            call.Launch(kernel, plan.Tiles, g);
            return;
        }
        int ld = (output.Columns + 3) & ~3;
        long stride = (long)output.Rows * ld;
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Slices, plan.Slices * stride);
        g.Output = PartialOutput(partial, output.Rows, ld, output.Lower);
        call.Launch(kernel, new Index3D(plan.Tiles, plan.Slices, 1), g);
        long quads = output.Rows * (((output.Columns + 15L) >> 4) * 4);
        call.Launch(
            GemmGpuKernels.SumSlices,
            (int)((quads + GroupSize - 1) / GroupSize),
            new() { Partial = partial, Output = output, SliceStride = stride, Slices = plan.Slices, Ld = ld });
    }

    /// <summary>The output of a product without factors or epilogue, slice by slice.</summary>
    internal static MatrixOutput PartialOutput(ArrayView<float> partial, int rows, int ld, int lower) => new()
    {
        C = partial,
        Rows = rows,
        Columns = ld,
        Ld = ld,
        SliceStride = (long)rows * ld,
        Lower = lower,
        Quads = 1,
        Alpha = 1,
        // No view may be left without a buffer.
        Bias = partial.SubView(0, 0),
        Addend = partial.SubView(0, 0),
        Mask = partial.Cast<ushort>().SubView(0, 0),
    };

    /// <summary>The output of a product with its epilogue.</summary>
    internal static MatrixOutput OutputOf(in GpuCall call, int m, int n, int ldc, float alpha, float beta, Block<float> c, in Epilogue epilogue, bool lower = false)
    {
        bool whole = beta == 0 && !lower && c.Length == (long)m * n;
        var output = new MatrixOutput
        {
            C = whole ? call.Write(c) : call.Update(c),
            Bias = call.Read(epilogue.Bias),
            Addend = call.Read(epilogue.Addend),
            Mask = epilogue.Activation == EpilogueActivation.LeakyRelu ? call.Write(epilogue.Mask) : call.Read(epilogue.Mask),
            Rows = m,
            Columns = n,
            Ld = ldc,
            Activation = (int)epilogue.Activation,
            Lower = lower ? 1 : 0,
            Alpha = alpha,
            Beta = beta,
            Slope = epilogue.Slope,
        };
        output.Quads = n % 4 == 0 && ldc % 4 == 0 && Float4.Fits(output.C) && Float4.Fits(output.Bias) && Float4.Fits(output.Addend) ? 1 : 0;
        return output;
    }

    /// <summary>A matrix [rows × inner] whose inner steps are contiguous.</summary>
    internal static AlongInner Along(ArrayView<float> values, int rows, int inner, int ld)
        => new() { Values = values, Rows = rows, Inner = inner, Ld = ld, Quads = inner % 4 == 0 && ld % 4 == 0 && Float4.Fits(values) ? 1 : 0 };

    /// <summary>A matrix [inner × rows] whose rows (of the operand: stored columns) are contiguous.</summary>
    internal static AcrossInner Across(ArrayView<float> values, int rows, int inner, int ld)
        => new() { Values = values, Rows = rows, Inner = inner, Ld = ld, Quads = rows % 4 == 0 && ld % 4 == 0 && Float4.Fits(values) ? 1 : 0 };

    private int Units => PlannedUnits > 0 ? PlannedUnits : Math.Max(1, _accelerator.NumMultiprocessors);

    private void Product(
        in GemmShape s,
        int products,
        float alpha,
        Block<float> a1,
        Block<float> b1,
        Block<float> a2,
        Block<float> b2,
        float beta,
        Block<float> c,
        in Epilogue epilogue)
    {
        if (s.M == 0 || s.N == 0) return;
        using GpuCall call = Begin();
        MatrixOutput output = OutputOf(call, s.M, s.N, s.LdC, alpha, beta, c, epilogue);
        ArrayView<float> a = call.Read(a1), b = call.Read(b1);
        ArrayView<float> secondA = products == 2 ? call.Read(a2) : a, secondB = products == 2 ? call.Read(b2) : b;
        if (TryCuBlas(s, a, b, products, output) || TryTensorProduct(call, s, a, b, secondA, secondB, products, output)) return;
        bool both = s.TransposeA && s.TransposeB;
        GpuProductPlan plan = both
            ? GpuProductPlan.For(GpuTileSize.Tile64x64, s.M, s.N, s.K, products, Units, lower: false)
            : GpuProductPlan.Choose(s.M, s.N, s.K, products, Units, lower: false);
        switch (s.TransposeA, s.TransposeB)
        {
            case (false, true):
                RunProduct(call, GemmGpuKernels.Nt(plan.Tile), plan, products, new() { A = Along(a, s.M, s.K, s.LdA), B = Along(b, s.N, s.K, s.LdB), SecondA = Along(secondA, s.M, s.K, s.LdA), SecondB = Along(secondB, s.N, s.K, s.LdB) }, output);
                break;
            case (false, false):
                RunProduct(call, GemmGpuKernels.Nn(plan.Tile), plan, products, new() { A = Along(a, s.M, s.K, s.LdA), B = Across(b, s.N, s.K, s.LdB), SecondA = Along(secondA, s.M, s.K, s.LdA), SecondB = Across(secondB, s.N, s.K, s.LdB) }, output);
                break;
            case (true, false):
                RunProduct(call, GemmGpuKernels.Tn(plan.Tile), plan, products, new() { A = Across(a, s.M, s.K, s.LdA), B = Across(b, s.N, s.K, s.LdB), SecondA = Across(secondA, s.M, s.K, s.LdA), SecondB = Across(secondB, s.N, s.K, s.LdB) }, output);
                break;
            default:
                RunProduct(call, GemmGpuKernels.Tt64x64, plan, products, new() { A = Across(a, s.M, s.K, s.LdA), B = Along(b, s.N, s.K, s.LdB), SecondA = Across(secondA, s.M, s.K, s.LdA), SecondB = Along(secondB, s.N, s.K, s.LdB) }, output);
                break;
        }
    }
}
