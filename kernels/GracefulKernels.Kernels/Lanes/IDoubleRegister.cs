namespace GracefulKernels.Kernels;

/// <summary>
/// One hardware register of fp64 elements: what the register tile of a factorisation is made of. Its width differs by processor; that
/// changes which elements share a tile, never the chain of operations behind an element.
/// </summary>
internal unsafe interface IDoubleRegister<TSelf> where TSelf : struct, IDoubleRegister<TSelf>
{
    /// <summary>Number of elements.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of a tile of two registers a row: as many as leave room for the operands.</summary>
    static abstract int TileRows { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(double* source);

    /// <summary>Every element the one at <paramref name="source"/>.</summary>
    static abstract TSelf Broadcast(double* source);

    static abstract void Store(double* destination, TSelf value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary><c>a·b + c</c> rounded once, on every processor.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);
}
