namespace GracefulKernels.Kernels;

/// <summary>Products on tensor cores, by storage as in <see cref="GemmGpuKernels"/> and by precision.</summary>
internal static class TensorGpuKernels
{
    private const KernelTraits Traits = KernelTraits.TensorCores | KernelTraits.Vectors;

    public static readonly GpuKernel<TensorArguments> NtSplit = new(TensorProduct.Run<StoredAlong, StoredAlong, ThreeProducts>, TensorProduct.Threads, Traits);
    public static readonly GpuKernel<TensorArguments> NnSplit = new(TensorProduct.Run<StoredAlong, StoredAcross, ThreeProducts>, TensorProduct.Threads, Traits);
    public static readonly GpuKernel<TensorArguments> TnSplit = new(TensorProduct.Run<StoredAcross, StoredAcross, ThreeProducts>, TensorProduct.Threads, Traits);
    public static readonly GpuKernel<TensorArguments> Nt = new(TensorProduct.Run<StoredAlong, StoredAlong, OneProduct>, TensorProduct.Threads, Traits);
    public static readonly GpuKernel<TensorArguments> Nn = new(TensorProduct.Run<StoredAlong, StoredAcross, OneProduct>, TensorProduct.Threads, Traits);
    public static readonly GpuKernel<TensorArguments> Tn = new(TensorProduct.Run<StoredAcross, StoredAcross, OneProduct>, TensorProduct.Threads, Traits);

    /// <summary>The kernel for a product; null where both operands are transposed, which is rare.</summary>
    public static GpuKernel<TensorArguments>? For(in GemmShape shape, MatrixArithmetic arithmetic)
    {
        bool split = arithmetic == MatrixArithmetic.Float32Tensor;
        return (shape.TransposeA, shape.TransposeB) switch
        {
            (false, true) => split ? NtSplit : Nt,
            (false, false) => split ? NnSplit : Nn,
            (true, false) => split ? TnSplit : Tn,
            _ => null,
        };
    }
}
