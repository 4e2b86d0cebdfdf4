namespace GracefulKernels;

/// <summary>How products of fp32 matrices are computed. Only NVIDIA GPUs from compute capability 8.0 on have the last two.</summary>
public enum Precision
{
    /// <summary>IEEE fp32 multiply-adds: the default.</summary>
    Float32,

    /// <summary>Tensor cores, each operand split into a high and a low TF32 part, three products: about the accuracy of fp32.</summary>
    Float32Tensor,

    /// <summary>Tensor cores, operands rounded to TF32 (10 bits of mantissa), fp32 sums: relative errors of 5e-4 a product.</summary>
    TensorFloat32,
}
