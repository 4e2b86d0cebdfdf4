using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The eigenvectors of a block in fp32 on a device, a row each.</summary>
internal sealed class RotatedBasis : IDisposable
{
    private readonly DeviceFloats _input;
    private readonly DeviceFloats? _output;
    private readonly DeviceFloats? _bias;

    public RotatedBasis(IKernels kernels, EigenBlock block)
    {
        Rows = block.Rows;
        Columns = block.Columns;
        _input = new DeviceFloats(kernels, Round(block.InputVectors));
        if (block.OutputVectors is not null) _output = new DeviceFloats(kernels, Round(block.OutputVectors));
        if (block.Bias is null) return;
        float[] last = new float[Columns];
        for (int k = 0; k < Columns; k++) last[k] = (float)block.InputVectors[(k * Columns) + Columns - 1];
        _bias = new DeviceFloats(kernels, last);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>U_Aᵀ, [columns × columns].</summary>
    public Block<float> Input => _input.Block;

    /// <summary>U_Gᵀ, [rows × rows]; empty for an exact block.</summary>
    public Block<float> Output => _output?.Block ?? default;

    /// <summary>The last column of <see cref="Input"/>, where the bias is; empty without one.</summary>
    public Block<float> Bias => _bias?.Block ?? default;

    public void Dispose()
    {
        _input.Dispose();
        _output?.Dispose();
        _bias?.Dispose();
    }

    private static float[] Round(double[] values) => [.. values.Select(v => (float)v)];
}
