using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>From the pieces of a lag to all blocks of the matrix whose taps differ by it, on both sides of the diagonal.</summary>
internal readonly unsafe struct LagBlocks<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int TileRows = 32;
    private const int LineElements = 8;

    private readonly LagPlan _plan;
    private readonly int _channels;
    private readonly bool _homogeneous;
    private readonly double* _matrix;
    private readonly nint _d;

    public LagBlocks(in LagPlan plan, int channels, bool homogeneous, double* matrix)
    {
        _plan = plan;
        _channels = channels;
        _homogeneous = homogeneous;
        _matrix = matrix;
        _d = ((nint)plan.Y.Count * plan.X.Count * channels) + (homogeneous ? 1 : 0);
    }

    /// <summary>Adds one lag's share of a group of columns; <paramref name="sums"/> holds the group's pieces, <paramref name="length"/> apart.</summary>
    public void Add(int index, double* sums, nint length, int column, int columns)
    {
        ref Lag lag = ref _plan.Lag(index);
        for (int y = 0; y + lag.Y < _plan.Y.Count; y++)
        {
            for (int x = Math.Max(0, -lag.X); x + Math.Max(lag.X, 0) < _plan.X.Count; x++)
            {
                int low = (y * _plan.X.Count) + x, high = low + (lag.Y * _plan.X.Count) + lag.X;
                AddBlock(lag, sums, length, y, x, ((nint)low * _channels) + column, (nint)high * _channels, column, columns);
            }
        }
    }

    [SkipLocalsInit]
    private void AddBlock(in Lag lag, double* sums, nint length, int y, int x, nint matrixColumn, nint matrixRow, int column, int columns)
    {
        double* tile = stackalloc double[TileRows * TileCpu<TLanes, TDoubles>.Group];
        int width = TileCpu<TLanes, TDoubles>.Width(columns);
        for (int row = lag.IsZero ? column : 0, rows; row < _channels; row += rows)
        {
            rows = Math.Min(TileRows, _channels - row);
            // Every row of the tile is another page of the matrix, which no processor foresees.
            FetchAhead(_matrix + ((matrixRow + row) * _d) + matrixColumn, rows, columns);
            FetchAhead(_matrix + (matrixColumn * _d) + matrixRow + row, columns, rows);
            if (!Collect(lag, sums + ((nint)row * width), length, y, x, rows * width, tile)) return;
            for (int i = 0; i < rows; i++) AddRow(tile + (i * width), _matrix + ((matrixRow + row + i) * _d) + matrixColumn, columns);
            // The diagonal block of lag zero holds both of its triangles.
            if (lag.IsZero && row < column + columns) continue;
            AddTurned(tile, width, rows, columns, _matrix + (matrixColumn * _d) + matrixRow + row);
        }
        if (!lag.IsZero || !_homogeneous) return;
        Collect(lag, sums + ((nint)_channels * width), length, y, x, width, tile);
        AddRow(tile, _matrix + ((_d - 1) * _d) + matrixColumn, columns);
        AddTurned(tile, width, 1, columns, _matrix + (matrixColumn * _d) + _d - 1);
    }

    private void FetchAhead(double* start, int rows, int columns)
    {
        for (int i = 0; i < rows; i++, start += _d)
        {
            for (int j = 0; j < columns + LineElements - 1; j += LineElements) Prefetch.Near(start + j);
        }
    }

    /// <summary>Sums the pieces of a block, in order. False where it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Collect(in Lag lag, double* sums, nint length, int y, int x, int count, double* tile)
    {
        bool any = false;
        for (int p = lag.FirstPiece; p < lag.EndPiece; p++)
        {
            if (!_plan.Covers(_plan.Piece(p), y, x)) continue;
            double* piece = sums + (p * length);
            for (int i = 0; i < count; i += 8)
            {
                TDoubles v = TDoubles.Load(piece + i);
                TDoubles.Store(tile + i, any ? TDoubles.Load(tile + i) + v : v);
            }
            any = true;
        }
        return any;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(double* from, double* to, int count)
    {
        int j = 0;
        for (; j + 8 <= count; j += 8) TDoubles.Store(to + j, TDoubles.Load(to + j) + TDoubles.Load(from + j));
        for (; j < count; j++) to[j] += from[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddTurned(double* tile, nint width, int rows, int columns, double* to)
    {
        for (int j = 0; j < columns; j++, to += _d)
        {
            double* from = tile + j;
            for (int i = 0; i < rows; i++, from += width) to[i] += *from;
        }
    }
}
