using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Samples [inner × rows], features contiguous, as both operands of their covariance: inner steps are samples, rows are features, and row
/// <see cref="Ones"/>, behind the last feature, is 1 for every sample.
/// </summary>
internal struct SampleSource : ITileSource<MatrixWalk>
{
    public ArrayView<float> Values;
    public int Features, Samples;

    /// <summary>The row of ones; -1 for none.</summary>
    public int Ones;

    /// <summary>Not 0: quads are aligned, and features a multiple of 4.</summary>
    public int Quads;

    public readonly bool AlongInner => false;

    public readonly bool Pairs => false;

    /// <summary>Rows counts the features from the quad on; the ones are in the place where it says 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MatrixWalk Begin(int row, int inner) => new()
    {
        Offset = ((long)inner * Features) + row,
        Left = row < Features || (row <= Ones) ? Samples - inner : 0,
        Rows = Features - row,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref MatrixWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Left > 0)
        {
            if (Quads != 0 && walk.Rows > 0)
            {
                quad = Values.Cast<Float4>()[walk.Offset >> 2];
            }
            else
            {
                float one = Ones >= 0 ? 1f : 0f;
                quad.X = walk.Rows == 0 ? one : 0f;
                quad.Y = walk.Rows == 1 ? one : 0f;
                quad.Z = walk.Rows == 2 ? one : 0f;
                quad.W = walk.Rows == 3 ? one : 0f;
                if (walk.Rows > 0) quad.X = Values[walk.Offset];
                if (walk.Rows > 1) quad.Y = Values[walk.Offset + 1];
                if (walk.Rows > 2) quad.Z = Values[walk.Offset + 2];
                if (walk.Rows > 3) quad.W = Values[walk.Offset + 3];
            }
        }
        walk.Offset += (long)step * Features;
        walk.Left -= step;
        return quad;
    }
}
