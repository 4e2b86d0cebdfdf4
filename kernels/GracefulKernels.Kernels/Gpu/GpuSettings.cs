namespace GracefulKernels.Kernels;

/// <summary>Arithmetic of fp32 matrix products.</summary>
internal enum MatrixArithmetic
{
    /// <summary>fp32 multiply-adds.</summary>
    Float32,

    /// <summary>Three TF32 products of split operands on tensor cores.</summary>
    Float32Tensor,

    /// <summary>One TF32 product on tensor cores.</summary>
    TensorFloat32,
}

/// <summary>How a GPU set computes.</summary>
internal sealed record GpuSettings
{
    public MatrixArithmetic Arithmetic { get; init; }

    /// <summary>Plain matrix products through cuBLAS.</summary>
    public bool UseCuBlas { get; init; }
}
