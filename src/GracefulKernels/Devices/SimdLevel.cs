namespace GracefulKernels;

/// <summary>Instruction sets of the CPU kernels. Results are the same bits on each of them.</summary>
public enum SimdLevel
{
    /// <summary>The best that this processor has.</summary>
    Auto,

    /// <summary>AVX-512 (F, DQ, VL): one 512-bit register for sixteen lanes.</summary>
    Avx512,

    /// <summary>AVX2 with FMA: two 256-bit registers.</summary>
    Avx2,

    /// <summary>128-bit registers: SSE on x86, NEON on Arm (the same code, not yet run on Arm).</summary>
    Vector128,

    /// <summary>No vector instructions: the reference for the others.</summary>
    Scalar,
}
