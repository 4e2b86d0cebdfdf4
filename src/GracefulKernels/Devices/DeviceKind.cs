namespace GracefulKernels;

/// <summary>What runs the kernels of a device.</summary>
public enum DeviceKind
{
    /// <summary>The processor, with the SIMD kernels.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU through its CUDA driver.</summary>
    Cuda,

    /// <summary>An OpenCL device: a GPU, or a processor with an OpenCL runtime such as PoCL.</summary>
    OpenCl,
}
