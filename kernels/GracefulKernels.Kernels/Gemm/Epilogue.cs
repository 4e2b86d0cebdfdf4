namespace GracefulKernels.Kernels;

/// <summary>What an epilogue does last.</summary>
internal enum EpilogueActivation
{
    None,

    /// <summary><c>v &gt; 0 ? v : slope·v</c>; writes <see cref="Epilogue.Mask"/> unless it is empty.</summary>
    LeakyRelu,

    /// <summary>Multiplies by 1 where the bit of <see cref="Epilogue.Mask"/> is set, by the slope elsewhere (the JVP of leaky ReLU).</summary>
    Mask,
}

/// <summary>
/// What happens to a product before it is stored, in this order: <c>v = alpha·product + beta·C</c>; <c>v += bias[column]</c>;
/// <c>v += addend[row, column]</c>; activation. The default does nothing.
/// </summary>
internal readonly record struct Epilogue
{
    /// <summary>[n], or empty.</summary>
    public Block<float> Bias { get; init; }

    /// <summary>[m × n] contiguous, or empty: a residual branch.</summary>
    public Block<float> Addend { get; init; }

    public EpilogueActivation Activation { get; init; }

    /// <summary>[m, ceil(n / 16)] words, written or read as <see cref="Activation"/> says.</summary>
    public Block<ushort> Mask { get; init; }

    /// <summary>Slope for values that are not positive.</summary>
    public float Slope { get; init; }
}
