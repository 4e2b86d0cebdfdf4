namespace GracefulKernels.Tests;

/// <summary>
/// Textbook preconditioned conjugate gradients in fp64 on a dense Jacobian, which keeps its scalars, and the filter that they are when they are frozen.
/// </summary>
/// <param name="j">[rows][parameters].</param>
/// <param name="s">Weights of the rows.</param>
/// <param name="n">What the loss is divided by.</param>
/// <param name="precondition">P⁻¹v; none is the identity.</param>
internal sealed class DensePcg(double[][] j, double[] s, double n, double lambda, Func<double[], double[]>? precondition = null)
{
    private readonly List<double> _alpha = [];
    private readonly List<double> _beta = [];

    /// <summary>Runs on targets (t − f0) and returns the fitted J·d of each iteration, that of the start (zeros) first.</summary>
    public List<double[]> Solve(double[] targets, int iterations)
    {
        double rho = 0;
        return Iterate(targets, iterations, (g, z, p, lastG, k) =>
        {
            double next = Dot(g, z);
            _beta.Add(k == 0 ? 0 : next / rho);
            rho = next;
            return _beta[k];
        }, (g, p, k) =>
        {
            double curvature = lambda * Dot(p, p);
            double[] image = Times(p);
            for (int i = 0; i < image.Length; i++) curvature += s[i] * image[i] * image[i] / n;
            _alpha.Add(-Dot(g, p) / curvature);
            return _alpha[k];
        }, s);
    }

    /// <summary>The same iterations on other targets with the scalars of the last <see cref="Solve"/>; rows of weight 0 in <paramref name="weights"/> are left out.</summary>
    public List<double[]> Frozen(double[] targets, double[]? weights = null)
        => Iterate(targets, _alpha.Count, (_, _, _, _, k) => _beta[k], (_, _, k) => _alpha[k], weights ?? s);

    /// <summary>J_j for every output by VJPs of unit seeds.</summary>
    public static double[][] Jacobian(LinearizedNetwork network)
    {
        int rows = network.Samples * network.Outputs;
        double[][] jacobian = new double[rows][];
        for (int i = 0; i < rows; i++)
        {
            float[] seed = new float[rows];
            seed[i] = 1;
            using ParameterVector g = network.Vjp(seed);
            jacobian[i] = [.. g.ToArray().Select(v => (double)v)];
        }
        return jacobian;
    }

    public static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private List<double[]> Iterate(
        double[] targets,
        int iterations,
        Func<double[], double[], double[], double[], int, double> beta,
        Func<double[], double[], int, double> alpha,
        double[] weights)
    {
        double[] d = new double[j[0].Length], p = new double[d.Length], g = [], last;
        var fitted = new List<double[]> { new double[j.Length] };
        for (int k = 0; k < iterations; k++)
        {
            last = g;
            g = [.. d.Select(v => lambda * v)];
            double[] f = fitted[^1];
            for (int i = 0; i < j.Length; i++)
            {
                double r = weights[i] * (f[i] - targets[i]) / n;
                for (int c = 0; c < g.Length; c++) g[c] += j[i][c] * r;
            }
            double[] z = precondition?.Invoke(g) ?? g;
            double b = beta(g, z, p, last, k);
            for (int c = 0; c < p.Length; c++) p[c] = (b * p[c]) - z[c];
            double a = alpha(g, p, k);
            for (int c = 0; c < p.Length; c++) d[c] += a * p[c];
            fitted.Add(Times(d));
        }
        return fitted;
    }

    private double[] Times(double[] d) => [.. j.Select(row => Dot(row, d))];
}
