using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// A score and its index as one number whose order is that of a ranking: the larger score is larger, and among equal scores the lower index. 0 is
/// less than the key of any score.
/// </summary>
internal static class RankKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(float score, int index)
    {
        // −0 + 0 is 0: both zeros are one score.
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        bits ^= (uint)((int)bits >> 31) | 0x8000_0000u;
        return ((ulong)bits << 32) | (uint)~index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Score(ulong key)
    {
        uint bits = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle(bits ^ ((bits >> 31) == 0 ? 0xFFFF_FFFFu : 0x8000_0000u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(ulong key) => ~(int)(uint)key;
}
