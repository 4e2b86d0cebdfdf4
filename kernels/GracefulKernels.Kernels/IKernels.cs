namespace GracefulKernels.Kernels;

/// <summary>
/// The contract that every kernel set implements: device memory and shapes in, nothing allocated in a step. Each room declares its own
/// part (<c>Gemm/GemmContract.cs</c> and so on) beside the code that implements it. Arguments have been validated at the public edge;
/// kernels only assert. Matrices and images are row-major, images channels-last (NHWC), weights [out, kh, kw, in].
/// </summary>
/// <remarks>
/// An activation mask holds one bit an element, sixteen columns a word, each row beginning a new word: [rows, ceil(columns / 16)] of
/// <see cref="ushort"/>, bit j of word w for column 16 w + j. So threads that write different columns never share a word of a lane.
/// </remarks>
internal partial interface IKernels : IDisposable
{
    /// <summary>The set's name in reports: <c>avx512</c>, <c>avx2</c>, <c>vector128</c>, <c>scalar</c>.</summary>
    string Name { get; }

    /// <summary>Threads that one operation may use.</summary>
    int Threads { get; }
}
