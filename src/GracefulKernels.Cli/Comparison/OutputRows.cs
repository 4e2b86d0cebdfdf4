namespace GracefulKernels.Cli.Comparison;

/// <summary>A block of rows of all the models with their labels.</summary>
internal sealed class OutputRows
{
    private readonly int[] _labels;
    private readonly OutputBlock[] _models;

    private OutputRows(IReadOnlyList<Predictions> models, int rows)
    {
        _labels = new int[rows];
        _models = [.. models.Select(m => new OutputBlock(m, rows))];
    }

    /// <summary>The block's first row in the files.</summary>
    public long First { get; private set; }

    public int Rows { get; private set; }

    public ReadOnlySpan<int> Labels => _labels.AsSpan(0, Rows);

    public OutputBlock this[int model] => _models[model];

    /// <summary>
    /// Blocks from the first row to the last. While one is worked on the next is read, so that the whole takes as long as reading or as working, not as both; the two
    /// blocks' memory is used in turn, whatever the size of the files.
    /// </summary>
    /// <param name="models">Files of as many rows as there are labels.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="ignoreIndex">A label outside the classes that is none.</param>
    /// <param name="classes">What the labels must be below.</param>
    /// <param name="cancellation">Looked at between blocks.</param>
    /// <exception cref="InvalidDataException">A label is out of range, or a file cannot be read as what it was opened for.</exception>
    public static IEnumerable<OutputRows> Read(
        IReadOnlyList<Predictions> models, NpyReader labels, int ignoreIndex, int classes, CancellationToken cancellation)
    {
        if (labels.Rows == 0) yield break;
        int blockRows = BlockRows(models, labels.Rows);
        OutputRows current = new(models, blockRows), next = new(models, labels.Rows > blockRows ? blockRows : 0);
        Task reading = current.Start(labels, 0, blockRows, ignoreIndex, classes);
        try
        {
            for (long first = 0; first < labels.Rows; first += blockRows)
            {
                reading.GetAwaiter().GetResult();
                cancellation.ThrowIfCancellationRequested();
                long following = first + blockRows;
                if (following < labels.Rows) reading = next.Start(labels, following, (int)Math.Min(blockRows, labels.Rows - following), ignoreIndex, classes);
                yield return current;
                (current, next) = (next, current);
            }
        }
        finally
        {
            // The files are closed by who opened them, and not under a read.
            reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    /// <summary>Rows of a block: few megabytes, however many models and classes, and not more than there are.</summary>
    public static int BlockRows(IReadOnlyList<Predictions> models, long rows)
    {
        // Small enough to be in the processor's cache still when it is counted, large enough that a read's and a kernel's beginning do not matter.
        const int Bytes = 4 << 20;
        long rowBytes = models.Sum(m => (long)sizeof(float) * Math.Max(1, m.Classes));
        return (int)Math.Min(rows, Math.Max(1, Bytes / rowBytes));
    }

    private Task Start(NpyReader labels, long first, int rows, int ignoreIndex, int classes) => Task.Run(() =>
    {
        First = first;
        Rows = rows;
        LabelBlocks.Read(labels, first, _labels.AsSpan(0, rows), ignoreIndex, classes);
        foreach (OutputBlock model in _models) model.Read(first, rows);
    });
}
