namespace GracefulKernels.Kernels;

/// <summary>
/// Operations on one hardware register of fp32 elements: what the register tile of a matrix product is made of. Unlike
/// <see cref="ILanes{TSelf,TDoubles}"/> its width differs by processor; that changes which elements share a tile, never the chain of
/// operations behind an element.
/// </summary>
/// <remarks>
/// <typeparamref name="TVector"/> is the bare vector, not a struct around it: through a struct the JIT compiler copies every accumulator
/// once a step.
/// </remarks>
internal unsafe interface IRegister<TVector> where TVector : struct
{
    /// <summary>Number of elements.</summary>
    static abstract int Width { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(float* source);

    /// <summary>Every element the one at <paramref name="source"/>.</summary>
    static abstract TVector Broadcast(float* source);

    static abstract void Store(float* destination, TVector value);

    /// <summary>Stores past the caches where the processor can; <paramref name="destination"/> is aligned to the register.</summary>
    static abstract void StoreStreaming(float* destination, TVector value);

    static abstract TVector Add(TVector a, TVector b);

    /// <summary><c>a·b + c</c> rounded once, on every processor.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
}
