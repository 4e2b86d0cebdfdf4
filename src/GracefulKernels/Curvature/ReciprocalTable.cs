using System.Globalization;

namespace GracefulKernels;

/// <summary><c>1/(s + λ)</c> of curvatures s, in fp64 and rounded once.</summary>
internal static class ReciprocalTable
{
    /// <summary>Without damping a curvature so small against the largest of its block is rounding: the sums it comes from are of fp32 products.</summary>
    private const double Rounding = 1.0 / (1 << 24);

    /// <summary>A proposed damping is this part of the block's largest curvature: what fp32 resolves with some room.</summary>
    private const double Proposed = 1e-6;

    /// <exception cref="NotPositiveDefiniteException">A damped curvature is zero, or has no reciprocal in fp32; the message proposes a damping.</exception>
    public static void Fill(ReadOnlySpan<double> curvature, double damping, string name, Span<float> reciprocals)
    {
        double largest = 0;
        foreach (double s in curvature) largest = Math.Max(largest, s);
        double zero = damping > 0 ? 0 : Rounding * largest;
        for (int i = 0; i < curvature.Length; i++)
        {
            reciprocals[i] = (float)(1 / (curvature[i] + damping));
            if (curvature[i] + damping > zero && float.IsFinite(reciprocals[i])) continue;
            string proposal = largest > 0
                ? $"Try a damping of {(Proposed * largest).ToString("G2", CultureInfo.InvariantCulture)}, a millionth of the largest"
                : "All are zero: any positive damping will do";
            throw new NotPositiveDefiniteException(
                $"{name} is singular: curvature {i} is {curvature[i].ToString("G2", CultureInfo.InvariantCulture)} at damping "
                + $"{damping.ToString("R", CultureInfo.InvariantCulture)}. {proposal}.", name, curvature.Length, i, damping);
        }
    }
}
