namespace GracefulKernels.Tests;

/// <summary>
/// The least-squares problem of a linearised network in fp64, with J written out and every question answered by solving anew: rows of J are the VJPs of
/// one-hot seeds, so what is compared is all that comes after them.
/// </summary>
internal sealed class DenseLeastSquares
{
    private readonly int _outputs;
    private readonly double[] _f0;
    private readonly double[] _t;
    private readonly double[] _s;
    private readonly double[,] _k;

    public DenseLeastSquares(LinearizedNetwork network, Targets targets, double lambda)
    {
        Lambda = lambda;
        _outputs = network.Outputs;
        Samples = network.Samples;
        J = Rows(network);
        _f0 = [.. network.F0.ToArray().Select(v => (double)v)];
        _t = [.. targets.Values.ToArray().Select(v => (double)v)];
        _s = targets.Weights.IsEmpty ? [.. _t.Select(_ => 1.0)] : [.. targets.Weights.ToArray().Select(v => (double)v)];
        _k = new double[J.Length, J.Length];
        Parallel.For(0, J.Length, i =>
        {
            for (int j = 0; j < J.Length; j++) _k[i, j] = Math.Sqrt(_s[i] * _s[j]) * Dot(J[i], J[j]) / Samples;
        });
    }

    /// <summary>[nC][P].</summary>
    public double[][] J { get; }

    public int Samples { get; }

    public double Lambda { get; set; }

    /// <summary>d without some samples; n stays.</summary>
    public double[] Solve(params int[] removed)
    {
        int[] rows = [.. Enumerable.Range(0, _t.Length).Where(r => !removed.Contains(r / _outputs) && _s[r] > 0)];
        double[] a = SolveDense(Damped(rows), [.. rows.Select(r => Math.Sqrt(_s[r]) * (_t[r] - _f0[r]))]);
        double[] d = new double[J[0].Length];
        for (int i = 0; i < rows.Length; i++)
        {
            double u = Math.Sqrt(_s[rows[i]]) * a[i] / Samples;
            for (int p = 0; p < d.Length; p++) d[p] += u * J[rows[i]][p];
        }
        return d;
    }

    public double[] Fitted(double[] d) => [.. J.Select((row, r) => _f0[r] + Dot(row, d))];

    public double DataLoss(double[] d) => Fitted(d).Select((f, r) => _s[r] * (f - _t[r]) * (f - _t[r])).Sum() / (2.0 * Samples);

    /// <summary>tr(J M Jᵀ) on rows scaled by √s, from the normal equations' other side: Σ_r s_r J_r M J_rᵀ.</summary>
    public double DegreesOfFreedom() => Enumerable.Range(0, _t.Length).Sum(r => _s[r] * Covariance(J[r], J[r]));

    /// <summary><c>u M vᵀ</c>, M = H⁻¹/n, by Woodbury's identity.</summary>
    public double Covariance(double[] u, double[] v)
    {
        int[] rows = [.. Enumerable.Range(0, _t.Length).Where(r => _s[r] > 0)];
        double[] solved = SolveDense(Damped(rows), [.. rows.Select(r => Math.Sqrt(_s[r]) * Dot(J[r], v))]);
        double sum = Dot(u, v);
        for (int i = 0; i < rows.Length; i++) sum -= Math.Sqrt(_s[rows[i]]) * Dot(J[rows[i]], u) * solved[i] / Samples;
        return sum / (Lambda * Samples);
    }

    /// <summary>Rows of J by VJPs of one-hot seeds, [nC][P].</summary>
    public static double[][] Rows(LinearizedNetwork network)
    {
        float[] seed = new float[network.Samples * network.Outputs];
        double[][] rows = new double[seed.Length][];
        for (int r = 0; r < rows.Length; r++)
        {
            seed[r] = 1;
            using ParameterVector row = network.Vjp(seed);
            rows[r] = [.. row.ToArray().Select(v => (double)v)];
            seed[r] = 0;
        }
        return rows;
    }

    public static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary>The largest eigenvalue of H over λ, by power iteration on K/n: what rounding is enlarged by.</summary>
    public double Condition()
    {
        double[] x = [.. Enumerable.Range(0, _t.Length).Select(i => 1.0 + (i % 3))];
        double norm = 0;
        for (int step = 0; step < 30; step++)
        {
            double[] y = [.. Enumerable.Range(0, x.Length).Select(i => Enumerable.Range(0, x.Length).Sum(j => _k[i, j] * x[j]))];
            norm = Math.Sqrt(Dot(y, y));
            x = [.. y.Select(v => v / norm)];
        }
        return (norm + Lambda) / Lambda;
    }

    private double[,] Damped(int[] rows)
    {
        double[,] k = new double[rows.Length, rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < rows.Length; j++) k[i, j] = _k[rows[i], rows[j]];
            k[i, i] += Lambda;
        }
        return k;
    }

    /// <summary>Cholesky, written out.</summary>
    private static double[] SolveDense(double[,] a, double[] b)
    {
        int n = b.Length;
        for (int j = 0; j < n; j++)
        {
            for (int k = 0; k < j; k++) a[j, j] -= a[j, k] * a[j, k];
            Assert.True(a[j, j] > 0, $"pivot {j}");
            a[j, j] = Math.Sqrt(a[j, j]);
            for (int i = j + 1; i < n; i++)
            {
                for (int k = 0; k < j; k++) a[i, j] -= a[i, k] * a[j, k];
                a[i, j] /= a[j, j];
            }
        }
        double[] x = [.. b];
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++) x[i] -= a[i, k] * x[k];
            x[i] /= a[i, i];
        }
        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++) x[i] -= a[k, i] * x[k];
            x[i] /= a[i, i];
        }
        return x;
    }
}
