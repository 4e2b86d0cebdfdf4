using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Eigenvectors on a device with the curvature in their basis, shared by the preconditioners of several λ; freed with the last of them.</summary>
internal sealed class SharedBasis
{
    private readonly Lock _lock = new();
    private int _users = 1;

    public SharedBasis(KroneckerEigenbasis basis, SecondMoments? moments, ParameterLayout layout, IKernels kernels)
    {
        var entries = new List<Entry>();
        foreach (EigenBlock b in basis.Blocks)
        {
            double[] curvature = moments is not null && b.HasOutputFactor ? moments[b.Name].Mean() : b.Curvature();
            entries.Add(new Entry(b.Name, new ParameterMatrix(b, layout), new RotatedBasis(kernels, b), curvature, Length));
            Length = checked(Length + curvature.Length);
            Largest = Math.Max(Largest, curvature.Length);
        }
        Entries = entries;
    }

    public IReadOnlyList<Entry> Entries { get; }

    /// <summary>Elements of all blocks.</summary>
    public int Length { get; }

    /// <summary>Elements of the largest block.</summary>
    public int Largest { get; }

    public SharedBasis Retain()
    {
        lock (_lock) _users++;
        return this;
    }

    /// <summary>Once for each user.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (--_users > 0) return;
        }
        foreach (Entry e in Entries) e.Basis.Dispose();
    }

    /// <param name="Name">Of the block.</param>
    /// <param name="Matrix">Where it lies in flat vectors.</param>
    /// <param name="Basis">Its eigenvectors.</param>
    /// <param name="Curvature">S, [rows × columns].</param>
    /// <param name="Start">Where its reciprocals begin.</param>
    public sealed record Entry(string Name, ParameterMatrix Matrix, RotatedBasis Basis, double[] Curvature, int Start);
}
