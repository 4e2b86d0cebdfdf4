using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The classes that an old and a new model share, in the order of the new ones, as columns of either's logits.</summary>
internal sealed class SharedColumns
{
    private readonly int[] _compact;

    public SharedColumns(ClassMap map)
    {
        New = new int[map.Shared];
        Old = new int[map.Shared];
        _compact = new int[map.NewClasses];
        Array.Fill(_compact, -1);
        for (int c = 0, j = 0; c < map.NewClasses; c++)
        {
            if (map.OldOfNew[c] < 0) continue;
            (New[j], Old[j], _compact[c]) = (c, map.OldOfNew[c], j);
            j++;
        }
    }

    /// <summary>[shared] columns of the new logits, ascending.</summary>
    public int[] New { get; }

    /// <summary>[shared] columns of the old logits.</summary>
    public int[] Old { get; }

    /// <summary>Which of the shared classes a new label is; −1 where the old model did not know it.</summary>
    public int Of(int label) => _compact[label];

    /// <summary>Whether columns follow each other, so that they are a matrix as they lie.</summary>
    public static bool AreARun(int[] columns)
    {
        for (int j = 1; j < columns.Length; j++)
        {
            if (columns[j] != columns[0] + j) return false;
        }
        return true;
    }
}

/// <summary>Those columns of one model's logits, as a matrix of the kernels: as they lie where they follow each other, else copied.</summary>
internal sealed class ColumnsOf : IDisposable
{
    private readonly IKernels _kernels;
    private readonly DeviceMemory? _copy;
    private readonly int _count, _first;

    /// <param name="kernels">Where.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">Most rows at a time.</param>
    public ColumnsOf(IKernels kernels, int[] columns, int rows)
    {
        _kernels = kernels;
        _count = columns.Length;
        if (SharedColumns.AreARun(columns)) _first = columns.Length == 0 ? 0 : columns[0];
        else _copy = kernels.Allocate((long)rows * columns.Length * sizeof(float));
    }

    /// <summary>Leading dimension of what <see cref="Take"/> gives, from that of the logits.</summary>
    public int LdOf(int ld) => _copy is null ? ld : _count;

    /// <summary>The columns of some rows; they stay until the next call.</summary>
    /// <param name="logits">The whole.</param>
    /// <param name="ld">Elements from a row of it to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Those of the constructor, for the kernels.</param>
    public Block<float> Take(Block<float> logits, int ld, int rows, Block<int> columns)
    {
        if (_copy is null) return logits.Slice(_first);
        Block<float> taken = _copy.AsBlock<float>().Slice(0, (long)rows * _count);
        _kernels.TakeColumns(rows, columns, logits, ld, taken);
        return taken;
    }

    public void Dispose() => _copy?.Dispose();
}
