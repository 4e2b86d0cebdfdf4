namespace GracefulKernels.Kernels;

/// <summary>Eight logical fp64 lanes, held in the registers there are; same bits everywhere, as <see cref="ILanes{TSelf,TDoubles}"/>.</summary>
internal unsafe interface IDoubleLanes<TSelf> where TSelf : struct, IDoubleLanes<TSelf>
{
    /// <summary>Number of logical lanes, the same everywhere.</summary>
    const int Count = 8;

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(double value);

    static abstract TSelf Load(double* source);

    /// <summary>The first <paramref name="count"/> (0 to 8) elements, zeros behind them; nothing past them is read.</summary>
    static abstract TSelf LoadPartial(double* source, int count);

    static abstract void Store(double* destination, TSelf value);

    /// <summary>Writes the first <paramref name="count"/> (0 to 8) lanes and nothing past them.</summary>
    static abstract void StorePartial(double* destination, int count, TSelf value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary><c>a·b + c</c> rounded once, on every processor.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Sum in one fixed tree: lane i with i + 4, then + 2, + 1.</summary>
    static abstract double Sum(TSelf a);
}
