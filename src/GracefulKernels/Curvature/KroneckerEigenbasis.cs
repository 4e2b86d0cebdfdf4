using System.Runtime.InteropServices;
using System.Text;

namespace GracefulKernels;

/// <summary>
/// Eigenvectors and eigenvalues of all Kronecker factors, computed once in fp64: with them <c>(G ⊗ A + λI)⁻¹</c> is exact for every λ, and second moments of gradients are
/// measured in them (EKFAC: George et al. 2018). Independent of the targets.
/// </summary>
public sealed class KroneckerEigenbasis
{
    internal KroneckerEigenbasis(IReadOnlyList<EigenBlock> blocks, long samples)
    {
        Blocks = blocks;
        Samples = samples;
        Identity = Hash(blocks);
    }

    /// <summary>One a block of the factors.</summary>
    public IReadOnlyList<EigenBlock> Blocks { get; }

    /// <summary>n of the factors.</summary>
    public long Samples { get; }

    /// <summary>SHA-256 of the eigenvectors: moments measured in one basis mean nothing in another.</summary>
    internal string Identity { get; }

    /// <summary>The block of a layer, or of a batch normalisation's parameter.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    public EigenBlock this[string name] => ParameterBlock.Find(Blocks, name);

    /// <summary>
    /// Decomposes every factor, normalised: <c>A/count</c>, <c>G/count</c>, and for a last layer A times the mean weight. A factor of order m takes about 9m³ multiply-adds
    /// in fp64. What rounding left below zero becomes zero: a raw sum is positive semidefinite.
    /// </summary>
    /// <param name="factors">Raw sums.</param>
    /// <param name="progress">Fraction of the work done.</param>
    /// <param name="cancellation">Looked at between factors.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static KroneckerEigenbasis Compute(KroneckerFactors factors, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(factors);
        double work = factors.Blocks.Sum(b => Cube(b.Columns) + (b.HasOutputFactor ? Cube(b.Rows) : 0)), done = 0;
        var blocks = new List<EigenBlock>();
        foreach (KroneckerBlock b in factors.Blocks)
        {
            (double[] inputValues, double[] inputVectors) = Decompose(b.InputSum, factors.InputScale(b), b.Columns);
            (double[] Values, double[] Vectors)? output = b.OutputSum is null ? null : Decompose(b.OutputSum, 1 / b.OutputCount, b.Rows);
            blocks.Add(new EigenBlock(b, inputValues, inputVectors, output?.Values, output?.Vectors));
        }
        return new KroneckerEigenbasis(blocks, factors.Samples);

        (double[] Values, double[] Vectors) Decompose(double[] sum, double scale, int n)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] values = new double[n], vectors = new double[sum.Length];
            DenseLinearAlgebra.SymmetricEigen(sum, n, values, vectors);
            for (int i = 0; i < n; i++) values[i] = Math.Max(0, values[i]) * scale;
            done += Cube(n);
            progress?.Report(done / work);
            return (values, vectors);
        }
    }

    /// <summary>Writes eigenvalues and eigenvectors as safetensors (F64).</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => EigenbasisFile.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Another format or version, or a tensor that is missing, does not fit or is no basis.</exception>
    public static KroneckerEigenbasis Load(string path) => EigenbasisFile.Load(path);

    private static double Cube(int n) => (double)n * n * n;

    private static string Hash(IReadOnlyList<EigenBlock> blocks)
    {
        var hash = new Sha256();
        foreach (EigenBlock b in blocks)
        {
            hash.Append(Encoding.UTF8.GetBytes($"{b.Name} {b.Rows} {b.Columns} "));
            hash.Append(MemoryMarshal.AsBytes<double>(b.InputVectors));
            if (b.OutputVectors is not null) hash.Append(MemoryMarshal.AsBytes<double>(b.OutputVectors));
        }
        return hash.Finish();
    }
}
