namespace GracefulKernels.Kernels;

/// <summary>
/// The taps k of a kernel that meet input positions <c>i = stride·g + remainder</c>: those with <c>k·dilation ≡ remainder + padding</c>
/// modulo the stride, every <see cref="TapStep"/>-th. Tap k reads output position <c>g + (remainder + padding − k·dilation) / stride</c>.
/// </summary>
internal readonly record struct Residue(int Start, int SourceStep, int LastTap, int TapStep, int Count)
{
    public static Residue Of(int remainder, int padding, int stride, int dilation, int kernel)
    {
        int common = Gcd(stride, dilation), tapStep = stride / common;
        int first = 0;
        while (first < tapStep && (remainder + padding - (first * dilation)) % stride != 0) first++;
        if (first >= tapStep || first >= kernel) return new Residue(0, 1, 0, tapStep, 0);
        int count = ((kernel - 1 - first) / tapStep) + 1, last = first + ((count - 1) * tapStep);
        return new Residue((remainder + padding - (last * dilation)) / stride, dilation / common, last, tapStep, count);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
