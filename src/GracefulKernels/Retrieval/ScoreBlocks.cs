using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>All scores of queries with a gallery, a few queries at a time: memory for at most 16 MB of them, or for one query.</summary>
internal sealed unsafe class ScoreBlocks
{
    private const int BlockScores = 1 << 22;

    private readonly GallerySearch _gallery;
    private readonly PreparedRows _queries;
    private readonly float[] _scores;
    private readonly int _rows;
    private readonly long _rowsOfAllPasses;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellation;
    private long _rowsDone;

    /// <param name="gallery">The gallery.</param>
    /// <param name="queries">Queries of its width.</param>
    /// <param name="passes">How often <see cref="ForEach"/> will run.</param>
    /// <param name="progress">The part of all passes that is done, after each block.</param>
    /// <param name="cancellation">Looked at before each block.</param>
    public ScoreBlocks(GallerySearch gallery, PreparedRows queries, int passes, IProgress<double>? progress, CancellationToken cancellation)
    {
        _gallery = gallery;
        _queries = queries;
        _rows = Math.Clamp(BlockScores / Math.Max(1, gallery.Rows), 1, Math.Max(1, queries.Rows));
        _scores = new float[(long)_rows * gallery.Rows];
        _rowsOfAllPasses = (long)passes * queries.Rows;
        _progress = progress;
        _cancellation = cancellation;
    }

    /// <summary>What is done with the scores of one query: larger is nearer.</summary>
    public delegate void RowAction<TState>(int query, ReadOnlySpan<float> scores, TState state);

    /// <summary>Runs <paramref name="action"/> for each query, on several threads, each with a state of its own that is folded in at the end.</summary>
    public void ForEach<TState>(Func<TState> state, RowAction<TState> action, Action<TState> fold)
    {
        int gallery = _gallery.Rows;
        for (int first = 0; first < _queries.Rows; first += _rows)
        {
            _cancellation.ThrowIfCancellationRequested();
            int start = first, count = Math.Min(_rows, _queries.Rows - first);
            Compute(start, count);
            var bounds = new ParallelOptions { MaxDegreeOfParallelism = _gallery.Kernels is GpuKernels ? Environment.ProcessorCount : _gallery.Kernels.Threads };
            Parallel.For(
                0,
                count,
                bounds,
                state,
                (r, _, own) =>
                {
                    action(start + r, _scores.AsSpan(r * gallery, gallery), own);
                    return own;
                },
                own =>
                {
                    lock (_gallery) fold(own);
                });
            _rowsDone += count;
            _progress?.Report((double)_rowsDone / _rowsOfAllPasses);
        }
    }

    private void Compute(int first, int count)
    {
        int width = _gallery.Width, gallery = _gallery.Rows;
        if (gallery == 0) return;
        fixed (float* q = _queries.Values, x = _gallery.Gallery.Values, s = _scores)
        {
            _gallery.Kernels.Gemm(
                new GemmShape(count, gallery, width, transposeB: true),
                1f,
                new Block<float>(q + ((long)first * width), (long)count * width),
                _gallery.GalleryBlock(x),
                0f,
                new Block<float>(s, (long)count * gallery),
                default);
        }
        if (_gallery.Offsets.IsEmpty) return;
        for (int r = 0; r < count; r++)
        {
            Span<float> own = _scores.AsSpan(r * gallery, gallery);
            ReadOnlySpan<float> offsets = _gallery.Offsets;
            for (int j = 0; j < own.Length; j++) own[j] += offsets[j];
        }
    }
}
