using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What a VJP is for: it is handed the input x and the cotangent dz of the product of each layer that has parameters.</summary>
internal interface ICotangentSink
{
    void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz);

    void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz);

    void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz);
}
