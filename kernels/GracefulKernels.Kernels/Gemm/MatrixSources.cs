using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Where a thread is in a stored matrix.</summary>
internal struct MatrixWalk
{
    /// <summary>Of the quad's first element.</summary>
    public long Offset;

    /// <summary>Inner steps from the quad to the end; at most 0 where there is nothing to load.</summary>
    public int Left;

    /// <summary>Rows from the quad to the end, for quads of four rows.</summary>
    public int Rows;
}

/// <summary>A matrix whose inner steps are contiguous: A as it is, B transposed. Element (row, inner) is at row·ld + inner.</summary>
internal struct AlongInner : ITileSource<MatrixWalk>
{
    public ArrayView<float> Values;
    public int Rows, Inner, Ld;

    /// <summary>Not 0: quads are aligned, and inner and ld multiples of 4.</summary>
    public int Quads;

    readonly bool ITileSource<MatrixWalk>.AlongInner => true;

    public readonly bool Pairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MatrixWalk Begin(int row, int inner) => new() { Offset = ((long)row * Ld) + inner, Left = row < Rows ? Inner - inner : 0 };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref MatrixWalk walk, int step)
    {
        Float4 quad = default;
        if (Quads != 0)
        {
            if (walk.Left > 0) quad = Values.Cast<Float4>()[walk.Offset >> 2];
        }
        else
        {
            if (walk.Left > 0) quad.X = Values[walk.Offset];
            if (walk.Left > 1) quad.Y = Values[walk.Offset + 1];
            if (walk.Left > 2) quad.Z = Values[walk.Offset + 2];
            if (walk.Left > 3) quad.W = Values[walk.Offset + 3];
        }
        walk.Offset += step;
        walk.Left -= step;
        return quad;
    }
}

/// <summary>A matrix whose rows (columns of the output, for B) are contiguous: A transposed, B as it is. Element (row, inner) is at inner·ld + row.</summary>
internal struct AcrossInner : ITileSource<MatrixWalk>
{
    public ArrayView<float> Values;
    public int Rows, Inner, Ld;

    /// <summary>Not 0: quads are aligned, and rows and ld multiples of 4.</summary>
    public int Quads;

    readonly bool ITileSource<MatrixWalk>.AlongInner => false;

    public readonly bool Pairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MatrixWalk Begin(int row, int inner) => new() { Offset = ((long)inner * Ld) + row, Left = row < Rows ? Inner - inner : 0, Rows = Rows - row };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref MatrixWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Left > 0)
        {
            if (Quads != 0)
            {
                quad = Values.Cast<Float4>()[walk.Offset >> 2];
            }
            else
            {
                quad.X = Values[walk.Offset];
                if (walk.Rows > 1) quad.Y = Values[walk.Offset + 1];
                if (walk.Rows > 2) quad.Z = Values[walk.Offset + 2];
                if (walk.Rows > 3) quad.W = Values[walk.Offset + 3];
            }
        }
        walk.Offset += (long)step * Ld;
        walk.Left -= step;
        return quad;
    }
}
