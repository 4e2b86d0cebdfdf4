namespace GracefulKernels.Kernels;

/// <summary>
/// One hardware register of fp32 elements: what the register tile of a matrix product is made of. Unlike <see cref="ILanes{TSelf,TDoubles}"/>
/// its width differs by processor; that changes which elements share a tile, never the chain of operations behind an element.
/// </summary>
internal unsafe interface IRegister<TSelf> where TSelf : struct, IRegister<TSelf>
{
    /// <summary>Number of elements.</summary>
    static abstract int Width { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(float* source);

    /// <summary>Every element the one at <paramref name="source"/>.</summary>
    static abstract TSelf Broadcast(float* source);

    static abstract void Store(float* destination, TSelf value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary><c>a·b + c</c> rounded once, on every processor.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);
}
