namespace GracefulKernels;

/// <summary>
/// <c>min 1/(2n) Σ ‖Wφ_i + b − t_i‖² + (λ/2)‖W‖²</c> in fp64, b not penalised. With centred Φ [n × F] and T: primal <c>W = Tᵀ Φ (ΦᵀΦ + nλI)⁻¹</c>, or where n ≤ F dual
/// <c>W = Tᵀ (ΦΦᵀ + nλI)⁻¹ Φ</c>; <c>b = t̄ − W φ̄</c>. The Gram matrix of the smaller side is computed once, and its eigenvectors serve the leave-one-out errors of every λ.
/// </summary>
internal sealed class RidgeRegression
{
    private readonly int _n;
    private readonly int _f;
    private readonly int _classes;
    private readonly int _stride;
    private readonly int _order;
    private readonly int _gramStride;
    private readonly double[] _phi;
    private readonly double[] _targets;
    private readonly double[] _phiMean;
    private readonly double[] _targetMean;
    private readonly double[] _gram;
    private readonly ComputeDevice _device;
    private readonly Lazy<Spectral> _spectral;

    /// <param name="features">φ [n × F].</param>
    /// <param name="width">F.</param>
    public RidgeRegression(ReadOnlySpan<float> features, int width, Targets targets, ComputeDevice device)
    {
        _n = targets.Samples;
        _f = width;
        _classes = targets.Classes;
        _device = device;
        _spectral = new Lazy<Spectral>(Decompose);
        _stride = DenseGram.Padded(width);
        (_phi, _phiMean) = Centred(features, _n, width, _stride);
        (_targets, _targetMean) = Centred(targets.Values.Span, _n, _classes, _classes);
        IsDual = _n <= _f;
        _order = IsDual ? _n : _f;
        _gramStride = DenseGram.Padded(_order);
        _gram = IsDual ? DenseGram.Lower(Transposed(0, _n, _gramStride), _f, _gramStride, device.Threads) : DenseGram.Lower(_phi, _n, _gramStride, device.Threads);
        double trace = 0;
        for (int i = 0; i < _order; i++) trace += _gram[((long)i * _gramStride) + i];
        MeanEigenvalue = _n < 2 ? 0 : trace / _n / Math.Min(_n - 1, _f);
    }

    /// <summary>Whether the system has the order of samples.</summary>
    public bool IsDual { get; }

    /// <summary>The mean of those eigenvalues of the covariance <c>ΦᵀΦ/n</c> that can be positive.</summary>
    public double MeanEigenvalue { get; }

    /// <summary>
    /// Exact leave-one-out residuals <c>e_i/(1 − h_ii)</c> with the leverage <c>h_ii = 1/n + φ_iᵀ(ΦᵀΦ + nλI)⁻¹φ_i = 1/n + Σ_k z_ik²/(σ_k + nλ)</c> and
    /// <c>e = T − Z (diag σ + nλI)⁻¹ ZᵀT</c>; Z are the features along the eigenvectors, σ the eigenvalues.
    /// </summary>
    /// <param name="counted">Samples whose residuals make the error.</param>
    public RidgeCandidate LeaveOneOut(double lambda, bool[] counted)
    {
        int samples = counted.Count(c => c);
        if (samples == 0 || _n < 2) return new RidgeCandidate(lambda, double.NaN, double.NaN);
        Spectral spectral = _spectral.Value;
        double[] errors = new double[_n];
        bool[] right = new bool[_n];
        Each(_n, i =>
        {
            if (counted[i]) (errors[i], right[i]) = LeaveOut(i, lambda, spectral);
        });
        double error = errors.Sum() / samples;
        return new RidgeCandidate(lambda, error, double.IsFinite(error) ? (double)right.Count(r => r) / samples : double.NaN);
    }

    private (double Error, bool Right) LeaveOut(int i, double lambda, Spectral spectral)
    {
        Span<double> residual = new double[_classes];
        ReadOnlySpan<double> targets = _targets.AsSpan(i * _classes, _classes);
        targets.CopyTo(residual);
        double rest = 1 - (1.0 / _n);
        for (int k = 0; k < _order; k++)
        {
            double z = spectral.Features[((long)i * _gramStride) + k], w = z / (spectral.Values[k] + (_n * lambda));
            rest -= w * z;
            ReadOnlySpan<double> b = spectral.Targets.AsSpan(k * _classes, _classes);
            for (int c = 0; c < residual.Length; c++) residual[c] -= w * b[c];
        }
        // A leverage of 1 to rounding: the sample determines its own fit, and nothing is known of it without.
        if (rest < 1e-12) return (double.PositiveInfinity, false);
        int wanted = 0, found = 0;
        double error = 0, target = double.NegativeInfinity, prediction = double.NegativeInfinity;
        for (int c = 0; c < residual.Length; c++)
        {
            double e = residual[c] / rest, t = targets[c] + _targetMean[c];
            error += e * e;
            if (t > target) (target, wanted) = (t, c);
            if (t - e > prediction) (prediction, found) = (t - e, c);
        }
        return (error, wanted == found);
    }

    /// <summary>Eigenvectors V of the Gram matrix: <c>Z = ΦVᵀ</c>, where the order is that of samples <c>Z = Vᵀ√σ</c>.</summary>
    private Spectral Decompose()
    {
        double[] gram = new double[_order * _order], values = new double[_order];
        for (int i = 0; i < _order; i++) _gram.AsSpan(i * _gramStride, i + 1).CopyTo(gram.AsSpan(i * _order));
        DenseLinearAlgebra.SymmetricEigen(gram, _order, values, gram, _device);
        // What is zero to rounding (centred samples always have one such direction) is zero.
        double noise = _order * Math.ScaleB(1, -52) * values[^1];
        for (int k = 0; k < _order; k++) values[k] = values[k] > noise ? values[k] : 0;
        double[] along = new double[_order * _gramStride];
        for (int k = 0; k < _order; k++)
        {
            double scale = IsDual ? Math.Sqrt(values[k]) : 1;
            for (int j = 0; j < _order; j++) along[(j * _gramStride) + k] = scale * gram[(k * _order) + j];
        }
        int samples = DenseGram.Padded(_n);
        double[] features = IsDual ? along : DenseGram.Product(Transposed(0, _n, samples), samples, along, _gramStride, _f, _device.Threads);
        return new Spectral(features, values, TransposedTimes(features, _gramStride, _order, _targets));
    }

    /// <summary>W [C × F] and b [C], rounded once.</summary>
    public (float[] Weight, float[] Bias) Solve(double lambda)
    {
        double[] weight = Weight(Factor(lambda));
        float[] rounded = new float[(long)_classes * _f], bias = new float[_classes];
        for (int c = 0; c < _classes; c++)
        {
            double b = _targetMean[c];
            for (int j = 0; j < _f; j++)
            {
                double w = weight[((long)j * _classes) + c];
                rounded[(c * _f) + j] = (float)w;
                b -= w * _phiMean[j];
            }
            bias[c] = (float)b;
        }
        return (rounded, bias);
    }

    /// <summary>The Cholesky factor of the Gram matrix plus nλI.</summary>
    private double[] Factor(double lambda)
    {
        double[] a = (double[])_gram.Clone();
        for (int i = 0; i < _order; i++) a[((long)i * _gramStride) + i] += _n * lambda;
        DenseLinearAlgebra.Potrf(_order, a, _gramStride, "Gram matrix of the features", lambda, _device);
        return a;
    }

    /// <summary>Wᵀ [F × C].</summary>
    private double[] Weight(double[] factor)
    {
        double[] right = IsDual ? (double[])_targets.Clone() : TransposedTimes(_phi, _stride, _f, _targets);
        DenseLinearAlgebra.Potrs(_order, factor, _gramStride, _classes, right, _classes, _device);
        return IsDual ? TransposedTimes(_phi, _stride, _f, right) : right;
    }

    /// <summary>Xᵀ·m [columns × C] for X [n × columns] and m [n × C]: each element a sum in the order of the samples.</summary>
    private double[] TransposedTimes(double[] x, int stride, int columns, double[] m)
    {
        double[] product = new double[(long)columns * _classes];
        Each(columns, j =>
        {
            Span<double> row = product.AsSpan(j * _classes, _classes);
            for (int i = 0; i < _n; i++)
            {
                double w = x[((long)i * stride) + j];
                for (int c = 0; c < row.Length; c++) row[c] += w * m[((long)i * _classes) + c];
            }
        });
        return product;
    }

    /// <summary>Φᵀ for <paramref name="count"/> samples: [F × stride].</summary>
    private double[] Transposed(int first, int count, int stride)
    {
        double[] transposed = new double[(long)_f * stride];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < _f; j++) transposed[((long)j * stride) + i] = _phi[((long)(first + i) * _stride) + j];
        }
        return transposed;
    }

    private void Each(int count, Action<int> body) => System.Threading.Tasks.Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _device.Threads }, body);

    private static (double[] Values, double[] Mean) Centred(ReadOnlySpan<float> values, int rows, int columns, int stride)
    {
        double[] mean = new double[columns], centred = new double[(long)rows * stride];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) mean[j] += values[(i * columns) + j];
        }
        for (int j = 0; j < columns; j++) mean[j] /= rows;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) centred[((long)i * stride) + j] = values[(i * columns) + j] - mean[j];
        }
        return (centred, mean);
    }

    /// <param name="Features">Z [n × order].</param>
    /// <param name="Values">σ [order].</param>
    /// <param name="Targets">ZᵀT [order × C].</param>
    private sealed record Spectral(double[] Features, double[] Values, double[] Targets);
}
