using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal readonly unsafe struct BitRegisterScalar : IBitRegister<ulong>
{
    public static int Width => 1;

    public static ulong Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(ulong* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And(ulong a, ulong b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OrDifferent(ulong a, ulong b, ulong c) => a | (b ^ c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Parity(ulong a, ulong b, ulong c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Majority(ulong a, ulong b, ulong c) => (a & b) | ((a ^ b) & c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong a, ulong b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Counts(ulong a) => (ulong)BitOperations.PopCount(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(ulong a) => (long)a;
}
