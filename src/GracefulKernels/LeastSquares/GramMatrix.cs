using System.Globalization;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// <c>K = J·Jᵀ</c> of a linearised network, fp64 [nC × nC], row (i, c) at <c>i·C + c</c>: the neural tangent kernel of its samples at w0. It depends on neither
/// targets, nor weights, nor λ: one serves them all.
/// </summary>
/// <remarks>
/// Rows of J are fp32, their products accumulate in fp32 over 512 parameters and in fp64 over those stretches: 1e-7 of the largest elements, typically a
/// tenth of that. (An fp32 sum is indefinite at small λ.) On the processor K has the same bits for every number of threads and every budget of memory.
/// </remarks>
public sealed class GramMatrix
{
    /// <summary>Rows of K that are summed on the device at a time.</summary>
    private const int PanelRows = 1024;

    private readonly double[] _values;

    private GramMatrix(LinearizedNetwork network, double[] values)
    {
        Network = network;
        _values = values;
    }

    /// <summary>The linearised network; not disposed with the matrix.</summary>
    public LinearizedNetwork Network { get; }

    /// <summary>nC.</summary>
    public int Rows => Network.Samples * Network.Outputs;

    /// <summary>K, both triangles, row-major.</summary>
    public ReadOnlyMemory<double> Values => _values;

    internal double[] Data => _values;

    /// <summary>Computes K: C VJPs a batch for the rows of J, then <c>P·(nC)²/2</c> multiply-adds.</summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="options">Limits of size and memory.</param>
    /// <param name="progress">Fraction of the products done.</param>
    /// <param name="cancellation">Looked at between VJPs and products.</param>
    /// <exception cref="ArgumentException">nC is above <see cref="GramOptions.MaxRows"/>; the message says what K would take, and what to use in its place.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static GramMatrix Compute(
        LinearizedNetwork network, GramOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new GramOptions();
        options.Validate(nameof(options));
        CheckRows((long)network.Samples * network.Outputs, options.MaxRows);
        int outputs = network.Outputs, n = network.Samples * outputs;
        double[] values = new double[(long)n * n];
        using var rows = new JacobianRows(network);
        int samples = SamplesOfBlock(network, rows.Length, options.BudgetOn(network.Network.Device)), blocks = (network.Samples + samples - 1) / samples;
        using var pair = new BlockPair(rows, network, samples, blocks > 1);
        long widest = (long)samples * outputs;
        using DeviceMemory sums = network.Kernels.Allocate(Math.Min(PanelRows, widest) * widest * sizeof(double));
        double[] panel = new double[sums.AsBlock<double>().Length];
        double done = 0;
        for (int a = 0; a < blocks; a++)
        {
            int firstRow = a * samples * outputs, rowCount = Math.Min(n - firstRow, samples * outputs);
            for (int step = 0; step <= a; step++)
            {
                // There and back again: the last block of one turn is the first of the next, and is in memory.
                int b = a % 2 == 0 ? step : a - step;
                int firstColumn = b * samples * outputs, columnCount = Math.Min(n - firstColumn, samples * outputs);
                (Block<float> x, Block<float> y) = pair.Get(a, b, cancellation);
                for (int row = 0; row < rowCount; row += PanelRows)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int height = Math.Min(PanelRows, rowCount - row), width = a == b ? row + height : columnCount;
                    Block<double> sum = sums.AsBlock<double>().Slice(0, (long)height * width);
                    network.Kernels.Zero(sum);
                    network.Kernels.GramProduct(height, width, (int)rows.Length, x.Slice(row * rows.Length), (int)rows.Length, y, (int)rows.Length, sum, width);
                    network.Kernels.Download(sum, panel.AsSpan(0, height * width));
                    for (int i = 0; i < height; i++)
                    {
                        panel.AsSpan(i * width, width).CopyTo(values.AsSpan((int)(((long)(firstRow + row + i) * n) + firstColumn), width));
                    }
                    done += (double)height * width;
                    progress?.Report(Math.Min(1, 2 * done / ((double)n * (n + 1))));
                }
            }
        }
        Mirror(values, n);
        GC.KeepAlive(network);
        return new GramMatrix(network, values);
    }

    internal static void CheckRows(long rows, int most)
    {
        // An array of more elements cannot be had.
        if (rows <= Math.Min(most, 46_340)) return;
        string gigabytes = (8.0 * rows * rows / 1e9).ToString("G3", CultureInfo.InvariantCulture);
        throw new ArgumentException(
            $"network has {rows} rows (samples × outputs); K would be {rows} × {rows} in fp64, {gigabytes} GB, and as much again to solve; the limit is MaxRows = {most}. "
            + "Use Pcg.Solve and SolvedProblem, which need no K, or fewer samples.",
            "network");
    }

    /// <summary>Whole batches where they fit, so that no cotangent is computed twice.</summary>
    private static int SamplesOfBlock(LinearizedNetwork network, long length, long budget)
    {
        long bytes = network.Outputs * length * sizeof(float);
        if (budget / bytes >= network.Samples) return network.Samples;
        int samples = (int)Math.Clamp(budget / 2 / bytes, 1, network.Samples);
        // Panels and rows of K are counted in int.
        samples = (int)Math.Min(samples, Math.Max(1, int.MaxValue / PanelRows / network.Outputs));
        return samples > network.BatchSize ? samples / network.BatchSize * network.BatchSize : samples;
    }

    private static void Mirror(double[] values, int n)
    {
        const int Tile = 64;
        for (int row = 0; row < n; row += Tile)
        {
            for (int column = 0; column <= row; column += Tile)
            {
                for (int i = row; i < Math.Min(n, row + Tile); i++)
                {
                    for (int j = column; j < Math.Min(i, column + Tile); j++) values[((long)j * n) + i] = values[((long)i * n) + j];
                }
            }
        }
    }

    /// <summary>Two blocks of rows in memory, computed when they are not there.</summary>
    private sealed class BlockPair(JacobianRows rows, LinearizedNetwork network, int samples, bool two) : IDisposable
    {
        private readonly DeviceFloats[] _memory =
            [.. Enumerable.Range(0, two ? 2 : 1).Select(_ => new DeviceFloats(network.Kernels, samples * network.Outputs * rows.Length))];

        private readonly int[] _held = [-1, -1];

        public (Block<float> A, Block<float> B) Get(int a, int b, CancellationToken cancellation)
        {
            int atA = Load(a, keep: b, cancellation), atB = a == b ? atA : Load(b, keep: a, cancellation);
            return (_memory[atA].Block, _memory[atB].Block);
        }

        public void Dispose()
        {
            foreach (DeviceFloats memory in _memory) memory.Dispose();
        }

        private int Load(int block, int keep, CancellationToken cancellation)
        {
            int at = Array.IndexOf(_held, block);
            if (at >= 0) return at;
            at = _memory.Length > 1 && _held[0] == keep && keep != block ? 1 : 0;
            _held[at] = -1;
            int first = block * samples;
            rows.Compute(first, Math.Min(samples, network.Samples - first), _memory[at].Block, cancellation);
            _held[at] = block;
            return at;
        }
    }
}
