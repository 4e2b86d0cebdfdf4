using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Roots of <c>f(λ) = 1/ρ + Σ zᵢ²/(dᵢ − λ)</c>, the eigenvalues of diag(d) + ρ·z·zᵀ with ρ &gt; 0 and d ascending: one between each d and the next, one above the last.
/// A root is kept as its distance from the nearer pole, so that its differences from all poles are exact to rounding.
/// </summary>
internal static unsafe class SecularEquation<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Lane = IDoubleLanes<TDoubles>.Count;
    private const double Epsilon = 1.1102230246251565e-16;
    private const int MostSteps = 100;

    /// <summary>After so many steps every second one halves the bracket; five are usual.</summary>
    private const int UsualSteps = 12;

    /// <summary>Root <paramref name="j"/> of k: λ = d[origin] + the number returned.</summary>
    /// <param name="shifted">Workspace [k].</param>
    /// <param name="square">Σ zᵢ².</param>
    public static double Solve(int k, int j, double* d, double* z, double rho, double square, double* shifted, out int origin)
    {
        bool last = j == k - 1;
        origin = j;
        if (k == 1) return rho * z[0] * z[0];
        // The two poles that the model keeps; sums up to the first and from the second are taken apart.
        int p = last ? k - 2 : j, q = p + 1;
        double gap = d[q] - d[p], middle = last ? 0.5 * rho * square : 0.5 * gap, inverse = 1 / rho;
        Shift(k, d, d[j], shifted);
        double zp = z[p] * z[p], zq = z[q] * z[q];
        Sums(shifted, z, 0, p, middle, out double below, out _);
        Sums(shifted, z, q + 1, k, middle, out double above, out _);
        double c = inverse + below + above;
        double w = c + (zp / (shifted[p] - middle)) + (zq / (shifted[q] - middle));
        double low, high, tau;
        if (last)
        {
            (low, high) = w <= 0 ? (middle, 2 * middle * (1 + (8 * Epsilon))) : (0, middle);
            double a = zp + zq - (c * gap), b = zq * gap, root = Math.Sqrt(Math.Max(0, (a * a) + (4 * b * c)));
            tau = a < 0 ? 2 * b / (root - a) : (a + root) / (2 * c);
        }
        else if (w > 0)
        {
            (low, high) = (0, middle);
            double a = (c * gap) + zp + zq, b = zp * gap, root = Math.Sqrt(Math.Abs((a * a) - (4 * b * c)));
            tau = a > 0 ? 2 * b / (a + root) : (a - root) / (2 * c);
        }
        else
        {
            origin = q;
            Shift(k, d, d[q], shifted);
            (low, high) = (-middle, 0);
            double a = (c * gap) - zp - zq, b = zq * gap, root = Math.Sqrt(Math.Abs((a * a) + (4 * b * c)));
            tau = a < 0 ? 2 * b / (a - root) : -(a + root) / (2 * c);
        }
        if (!(tau > low && tau < high)) tau = Between(low, high);
        for (int step = 0; step < MostSteps; step++)
        {
            Sums(shifted, z, 0, q, tau, out double psi, out double psiSlope);
            Sums(shifted, z, q, k, tau, out double phi, out double phiSlope);
            w = inverse + psi + phi;
            double slope = psiSlope + phiSlope;
            if (Math.Abs(w) <= Epsilon * ((16 * (inverse + Math.Abs(psi) + Math.Abs(phi))) + (Math.Abs(tau) * slope))) break;
            if (w < 0) low = Math.Max(low, tau);
            else high = Math.Min(high, tau);
            double next = tau + Move(shifted[p] - tau, shifted[q] - tau, w, psiSlope, phiSlope, last);
            if (!(next > low && next < high)) next = tau - (w / slope);
            if (!(next > low && next < high) || (step > UsualSteps && step % 2 == 0)) next = Between(low, high);
            // Two neighbouring numbers: there is nothing between.
            if (next == tau || !(next > low && next < high)) break;
            tau = next;
        }
        return tau;
    }

    /// <summary>
    /// The root of a model with the poles at distances x and y (Li 1993): each sum is a constant and one pole, with the sum's value and slope here. Any number that comes
    /// out is checked against the bracket.
    /// </summary>
    private static double Move(double x, double y, double w, double psiSlope, double phiSlope, bool last)
    {
        double c = w - (x * psiSlope) - (y * phiSlope);
        double a = ((x + y) * w) - (x * y * (psiSlope + phiSlope)), b = x * y * w;
        double root = Math.Sqrt(Math.Abs((a * a) - (4 * b * c)));
        if (last)
        {
            c = Math.Abs(c);
            root = Math.Sqrt(Math.Abs((a * a) - (4 * b * c)));
            return a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root);
        }
        return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
    }

    /// <summary>Inside the bracket, of one sign with it: by magnitudes where they are far apart.</summary>
    private static double Between(double low, double high)
    {
        if (high <= 0) return -Between(-high, -low);
        if (low == 0) return high / 1024;
        return high > 4 * low ? Math.Sqrt(low) * Math.Sqrt(high) : low + (0.5 * (high - low));
    }

    private static void Shift(int k, double* d, double by, double* shifted)
    {
        TDoubles origin = TDoubles.Broadcast(by);
        int i = 0;
        for (; i + Lane <= k; i += Lane) TDoubles.Store(shifted + i, TDoubles.Load(d + i) - origin);
        for (; i < k; i++) shifted[i] = d[i] - by;
    }

    /// <summary>Σ zᵢ²/(dᵢ − τ) and its slope over i from <paramref name="first"/> to <paramref name="end"/>, d shifted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(double* d, double* z, int first, int end, double tau, out double value, out double slope)
    {
        TDoubles values = TDoubles.Zero, slopes = TDoubles.Zero, shift = TDoubles.Broadcast(tau);
        int i = first;
        for (; i + Lane <= end; i += Lane)
        {
            TDoubles weight = TDoubles.Load(z + i), ratio = weight / (TDoubles.Load(d + i) - shift);
            values = TDoubles.MultiplyAdd(weight, ratio, values);
            slopes = TDoubles.MultiplyAdd(ratio, ratio, slopes);
        }
        value = TDoubles.Sum(values);
        slope = TDoubles.Sum(slopes);
        for (; i < end; i++)
        {
            double ratio = z[i] / (d[i] - tau);
            value += z[i] * ratio;
            slope += ratio * ratio;
        }
    }
}
