namespace GracefulKernels;

/// <summary>How a GPU computes. What the device at hand does not have is refused, never replaced.</summary>
public sealed record GpuOptions
{
    /// <summary>Arithmetic of matrix products and convolutions.</summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// Let cuBLAS (an installed CUDA runtime, versions 11 to 13) compute the plain matrix products. Off by default: our kernels need nothing but the driver.
    /// </summary>
    public bool UseCuBlas { get; init; }
}
