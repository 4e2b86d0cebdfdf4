namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Gemm(in GemmShape shape, float alpha, Block<float> a, Block<float> b, float beta, Block<float> c, in Epilogue epilogue)
        => Product(shape, products: 1, alpha, a.Pointer, b.Pointer, null, null, beta, c.Pointer, epilogue);

    public void GemmPair(
        in GemmShape shape,
        Block<float> a1,
        Block<float> b1,
        Block<float> a2,
        Block<float> b2,
        float beta,
        Block<float> c,
        in Epilogue epilogue)
        => Product(shape, products: 2, 1f, a1.Pointer, b1.Pointer, a2.Pointer, b2.Pointer, beta, c.Pointer, epilogue);

    private void Product(
        in GemmShape shape,
        int products,
        float alpha,
        float* a1,
        float* b1,
        float* a2,
        float* b2,
        float beta,
        float* c,
        in Epilogue epilogue)
    {
        if (shape.M == 0 || shape.N == 0) return;
        var slices = new InnerSlices(shape.M, shape.N, shape.K);
        if (slices.Count > 1)
        {
            int ld = (shape.N + 15) & ~15;
            float* partial = Scratch.Get<float>(ScratchSlot.PartialSums, (long)slices.Count * shape.M * ld);
            var job = new SlicedProduct<TLanes, TDoubles>
            {
                Shape = shape,
                Slices = slices,
                Products = products,
                A1 = a1,
                B1 = b1,
                A2 = a2,
                B2 = b2,
                Workers = _workers,
                Partial = partial,
                Ld = ld,
            };
            _workers.Run(slices.Count, ref job);
            job.Finish(new Output(alpha, beta, shape.N, epilogue), c);
            return;
        }
        var inner = new InnerBlocks(shape.K, products, shape.N, shape.TransposeA);
        var rows = new MatrixRows<TLanes, TDoubles>(a1, a2, shape.LdA, shape.TransposeA, shape.N, inner);
        var columns = new MatrixColumns<TLanes, TDoubles>(b1, b2, shape.LdB, shape.TransposeB, inner);
        var output = new Output(alpha, beta, shape.N, epilogue);
        ProductCpu<TLanes, TDoubles>.Run(_workers, rows, columns, inner, output, shape.M, shape.N, c, shape.LdC, lower: false);
    }
}
