namespace GracefulKernels;

/// <summary>Order of the elements of a batch of images.</summary>
public enum ImageLayout
{
    /// <summary>[samples, height, width, channels]: what the kernels work on.</summary>
    Nhwc,

    /// <summary>[samples, channels, height, width]: PyTorch's order.</summary>
    Nchw,
}
