namespace GracefulKernels.Kernels;

/// <summary>A difference of two taps, counted in taps, and its pieces.</summary>
internal struct Lag
{
    public int Y, X;
    public int FirstPiece, EndPiece;

    public readonly bool IsZero => Y == 0 && X == 0;
}

/// <summary>A rectangle of source positions q, ends excluded, where q and q + lag both lie in the image.</summary>
internal struct LagPiece
{
    public int Lag;
    public int Top, Bottom, Left, Right;
}

/// <summary>
/// A convolution of stride 1 as products of an image with itself, shifted. The block of two taps that differ by a lag is
/// <c>Σ x[q + lag] x[q]ᵀ</c> over the positions q that the lower tap visits; taps of one lag differ in border strips alone. Every lag is cut into
/// rectangles that each tap covers or misses whole, so a block is a sum of rectangles: nothing is subtracted, and nothing cancels.
/// </summary>
internal readonly unsafe struct LagPlan
{
    private readonly Lag* _lags;
    private readonly LagPiece* _pieces;

    /// <summary>Lives in the caller's scratch memory.</summary>
    public LagPlan(in ConvolutionShape s)
    {
        Y = new TapAxis(s.Height, s.OutHeight, 1, -s.PadTop, s.DilationY, s.KernelHeight);
        X = new TapAxis(s.Width, s.OutWidth, 1, -s.PadLeft, s.DilationX, s.KernelWidth);
        // A lag and its negative are transposes: half of the plane, with zero.
        LagCount = ((((2 * Y.Count) - 1) * ((2 * X.Count) - 1)) + 1) / 2;
        _lags = Scratch.Get<Lag>(ScratchSlot.Lags, LagCount);
        int pieces = 0;
        for (int i = 0; i < LagCount; i++)
        {
            // Counted from zero along the first row, then row by row.
            int flat = i + X.Count - 1, y = flat / ((2 * X.Count) - 1), x = flat - (y * ((2 * X.Count) - 1)) - (X.Count - 1);
            int first = pieces;
            pieces += CountPieces(Y, y) * CountPieces(X, x);
            _lags[i] = new Lag { Y = y, X = x, FirstPiece = first, EndPiece = pieces };
        }
        PieceCount = pieces;
        _pieces = Scratch.Get<LagPiece>(ScratchSlot.LagPieces, pieces);
        for (int i = 0; i < LagCount; i++) Cut(i);
    }

    public TapAxis Y { get; }

    public TapAxis X { get; }

    public int LagCount { get; }

    public int PieceCount { get; }

    public ref Lag Lag(int index) => ref _lags[index];

    public ref LagPiece Piece(int index) => ref _pieces[index];

    /// <summary>Whether the block of tap (y, x) and the tap one lag on contains a piece.</summary>
    public bool Covers(in LagPiece piece, int y, int x)
    {
        ref readonly Lag lag = ref _lags[piece.Lag];
        Range(Y, y, lag.Y, out int top, out int bottom);
        Range(X, x, lag.X, out int left, out int right);
        return piece.Top >= top && piece.Bottom <= bottom && piece.Left >= left && piece.Right <= right;
    }

    /// <summary>Source positions that a tap visits along one axis and whose neighbour one lag on lies in the image too.</summary>
    private static void Range(in TapAxis axis, int tap, int lag, out int start, out int end)
    {
        int first = (tap * axis.Step) + axis.Start, shift = lag * axis.Step;
        start = Math.Max(first, Math.Max(0, -shift));
        end = Math.Min(first + axis.Grid, Math.Min(axis.Source, axis.Source - shift));
    }

    /// <summary>The next stretch of positions from <paramref name="start"/> on that each tap of this lag visits whole or not at all, and some tap does.</summary>
    private static bool TryNext(in TapAxis axis, int lag, ref int start, out int end)
    {
        while (true)
        {
            bool visited = false;
            end = int.MaxValue;
            for (int tap = Math.Max(0, -lag); tap < axis.Count - Math.Max(0, lag); tap++)
            {
                Range(axis, tap, lag, out int from, out int to);
                if (from >= to || to <= start) continue;
                visited |= from <= start;
                end = Math.Min(end, from > start ? from : to);
            }
            if (end == int.MaxValue) return false;
            if (visited) return true;
            start = end;
        }
    }

    private static int CountPieces(in TapAxis axis, int lag)
    {
        int pieces = 0;
        for (int start = 0; TryNext(axis, lag, ref start, out int end); start = end) pieces++;
        return pieces;
    }

    private void Cut(int index)
    {
        Lag lag = _lags[index];
        int piece = lag.FirstPiece;
        for (int top = 0; TryNext(Y, lag.Y, ref top, out int bottom); top = bottom)
        {
            for (int left = 0; TryNext(X, lag.X, ref left, out int right); left = right)
            {
                _pieces[piece++] = new LagPiece { Lag = index, Top = top, Bottom = bottom, Left = left, Right = right };
            }
        }
    }
}
